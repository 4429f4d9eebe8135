/** What the rest of the server knows of a place for files: names and bytes. Which files there are is the database's to know. */
import { randomBytes } from 'node:crypto'

/** Bytes as they come, piece by piece. */
export type Bytes = AsyncIterable<Uint8Array>

/** The first and the last byte of a part, counted from 0. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface FileStore {
  /** Keeps bytes under a new name. When it fulfils they are safe; when it rejects nothing of them is left that `remove` would not remove. */
  write(name: string, bytes: Bytes): Promise<void>
  /** The bytes under a name, or a part of them; undefined where there is no such file. */
  read(name: string, range?: Range): Promise<Bytes | undefined>
  /** Forgets a file; there need not be one. */
  remove(name: string): Promise<void>
  /** How clients exchange bytes with the store themselves, where they can. */
  readonly direct?: DirectAccess
}

/** A store with an address of its own. */
export interface DirectAccess {
  /** A form with which a browser can send exactly one file of this size, for a while. */
  upload(name: string, upload: { size: number; type: string; seconds: number }): UploadForm
  /** An address that gives the file, for a while. */
  download(name: string, download: { type: string; disposition: string; seconds: number }): string
  /** Copies a file within the store; gives whether there was one. */
  copy(from: string, to: string): Promise<boolean>
}

export interface UploadForm {
  readonly href: string
  readonly fields: Readonly<Record<string, string>>
}

/** A name that nobody can guess, for one file. */
export const newName = (): string => randomBytes(16).toString('hex')

/** Throws for what is no name of ours: nothing else may become a part of a path. */
export function checkName(name: string): void {
  if (!/^[0-9a-f]{32}$/.test(name)) throw new Error('That is not a name of a stored file.')
}
