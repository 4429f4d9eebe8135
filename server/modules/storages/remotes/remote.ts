/** Remotes: what every kind of storage can be asked for, on behalf of a user. */
import type { Row } from '#db/database.ts'
import type { Tables } from '#db/tables.ts'
import type { AskOptions } from '#outgoing/client.ts'
import { FOLDER, type OriginData } from '../kinds.ts'

export type StorageRow = Tables['storages']

/** A file or folder in a storage. */
export interface RemoteFile extends OriginData {
  /** By what its folder is listed: a path from the root, which begins with a slash. */
  readonly location: string
  /** In bytes. */
  readonly size?: number
}

/** The files in a folder. */
export interface Listing {
  readonly files: readonly RemoteFile[]
  readonly parent: RemoteFile
  /** The folders above it, the root first. */
  readonly ancestors: readonly RemoteFile[]
}

/** What a storage says of a linked file. */
export type Found =
  | { readonly state: 'permission:ViewAllowed'; readonly file: OriginData }
  | { readonly state: 'permission:ViewNotAllowed' | 'NotFound' | 'Error' }

/** Where the bytes of a file are sent, without credentials. */
export interface UploadLink {
  readonly href: string
  readonly method: 'post' | 'put'
}

/** Why a storage did not do what was asked. */
export type Failure =
  /** The user is not connected, or the storage accepts the tokens no more. */
  | 'unconnected'
  | 'forbidden'
  | 'missing'
  /** The parent is a file. */
  | 'no-folder'
  /** There is a file or folder of that name. */
  | 'taken'
  /** There is no response, or none that makes sense. */
  | 'failed'

export class RemoteError extends Error {
  readonly failure: Failure
  /** The status of the response. */
  readonly status: number | undefined
  constructor(failure: Failure, status?: number, cause?: unknown) {
    super(`The storage could not be asked: ${failure}.`, { cause })
    this.failure = failure
    this.status = status
  }
}

/**
 * A storage as one of its users sees it. Folders are named by their id or their location, `/` being the root.
 * All throw RemoteError.
 */
export interface Remote {
  /** Asks whether the user is still connected. @returns the account */
  check(): Promise<string>
  list(parent: string): Promise<Listing>
  /** A file or folder by its id. */
  file(id: string): Promise<RemoteFile>
  /** What is known of files, by their ids. */
  find(ids: readonly string[]): Promise<ReadonlyMap<string, Found>>
  createFolder(parent: string, name: string): Promise<RemoteFile>
  prepareUpload(parent: string, fileName: string): Promise<UploadLink>
  /** The address of a download, which needs no credentials. */
  download(id: string): Promise<string>
  /** The web page of a file, or of its folder. */
  open(id: string, isLocation: boolean): Promise<string>
  /** The web page of the root. */
  openRoot(): Promise<string>
}

/** Sends a request with credentials. Throws RemoteError without a response. */
export type Send = (address: string, init?: RequestInit, limits?: AskOptions) => Promise<Response>

/** Where the access tokens of a user come from. Throws RemoteError. */
export interface TokenSource {
  current(): Promise<string>
  /** Another token than one that the storage does not accept. */
  renewed(refused: string): Promise<string>
}

/** What an account may do in a managed folder, as bits of their sum. */
export const fileRights = { read_files: 1, write_files: 2, create_files: 4, delete_files: 8, share_files: 16 } as const
/** Accounts with the sum of their rights. */
export type Rights = Readonly<Record<string, number>>

/** A folder right below the root of the managed folders. */
export interface ManagedFolder {
  readonly id: string
  readonly name: string
}

/** A copy of a folder that has ended, or the address to ask for its end. */
export type FolderCopy = { readonly id: string } | { readonly monitor: string }

/** The managed folders of a storage, as this server itself sees them by its own credentials. All throw RemoteError. */
export interface FolderManager {
  /** All folders below their root. */
  folders(): Promise<readonly ManagedFolder[]>
  /** Lets these accounts reach the root, and no others. */
  admit(accounts: readonly string[]): Promise<void>
  /** @returns the id of the new folder */
  create(name: string): Promise<string>
  rename(folder: ManagedFolder, name: string): Promise<void>
  copy(folder: ManagedFolder, name: string): Promise<FolderCopy>
  /** How far a copy is. @returns its id, or undefined while it goes on */
  copied(monitor: string): Promise<string | undefined>
  /** The ids of a folder and all below it, by their paths in the folder; its own is empty. */
  contents(folder: ManagedFolder): Promise<ReadonlyMap<string, string>>
  /** Gives accounts their rights in a folder, and takes away all others. */
  share(folder: ManagedFolder, rights: Rights): Promise<void>
}

/** The error for a response without success. */
export function failureOf({ status }: Response): RemoteError {
  if (status === 401) return new RemoteError('unconnected', status)
  if (status === 403) return new RemoteError('forbidden', status)
  if (status === 404) return new RemoteError('missing', status)
  return new RemoteError('failed', status)
}

/** The JSON object of a successful response. Throws RemoteError for any other. */
export async function objectIn(response: Response): Promise<Readonly<Row>> {
  if (!response.ok) throw failureOf(response)
  const value: unknown = await response.json().catch(() => undefined)
  if (typeof value !== 'object' || value === null) throw new RemoteError('failed', response.status)
  return value
}

/** An address that a storage has given. Throws RemoteError unless a browser can be sent there. */
export function addressIn(value: unknown): string {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (!url || !/^https?:$/.test(url.protocol)) throw new RemoteError('failed')
  return url.href
}

/** Without members that have no value. */
export const filled = <T extends object>(object: T): { [K in keyof T]: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null && value !== '')) as never

/** A moment as the API writes it; undefined for a text or number that is none. */
export function momentOf(value: unknown): string | undefined {
  if ((typeof value !== 'string' && typeof value !== 'number') || value === 0) return undefined
  const at = new Date(typeof value === 'number' ? value * 1000 : value)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

/** The name and location of the root. */
export const ROOT = '/'

/**
 * A location or id as a part of an address.
 * @throws RemoteError for one that would lead to another place than below the root
 */
export function encoded(place: string): string {
  const segments = place.split('/')
  if (segments.some((segment) => segment === '.' || segment === '..')) throw new RemoteError('missing')
  return segments.map(encodeURIComponent).join('/')
}

/** The folders above a location, the root first. They have no other id than their location, which names them everywhere. */
export function ancestorsOf(location: string): RemoteFile[] {
  const segments = location.split('/').filter(Boolean)
  return segments.map((_, i) => {
    const own = `/${segments.slice(0, i).join('/')}`
    return { id: own, name: segments[i - 1] ?? ROOT, location: own, mimeType: FOLDER }
  })
}
