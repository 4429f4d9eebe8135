/** The file store interface of the server: names and bytes. The database has the list of files. */
import { randomBytes } from 'node:crypto'

/** A stream of bytes. */
export type Bytes = AsyncIterable<Uint8Array>

/** The first and the last byte of a range, from 0. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface FileStore {
  /** Stores bytes under a new name. They are durable when it fulfils; when it rejects, `remove` removes all remains. */
  write(name: string, bytes: Bytes): Promise<void>
  /** The bytes under a name, or a range of them; undefined if there is no such file. */
  read(name: string, range?: Range): Promise<Bytes | undefined>
  /** Removes a file; idempotent. */
  remove(name: string): Promise<void>
  /** Direct access for clients, if supported. */
  readonly direct?: DirectAccess
}

/** A store that clients can reach. */
export interface DirectAccess {
  /** A form for uploading exactly one file of this size, valid for some time. */
  upload(name: string, upload: { size: number; type: string; seconds: number }): UploadForm
  /** A download URL, valid for some time. */
  download(name: string, download: { type: string; disposition: string; seconds: number }): string
  /** Copies a file within the store; returns whether it existed. */
  copy(from: string, to: string): Promise<boolean>
}

export interface UploadForm {
  readonly href: string
  readonly fields: Readonly<Record<string, string>>
}

/** An unguessable name for a file. */
export const newName = (): string => randomBytes(16).toString('hex')

/** Throws for names that are not our own: nothing else may become a part of a path. */
export function checkName(name: string): void {
  if (!/^[0-9a-f]{32}$/.test(name)) throw new Error('That is not a name of a stored file.')
}
