/** Kinds of values of storages: types and methods as URNs, addresses, folders, and data of files. */
import type { Kind } from '#kernel/declaration.ts'
import { asText, dateTime, FormatError, isStorable } from '#kernel/kinds.ts'
import { type Message, said } from '#text/messages.ts'

const URN = 'urn:openproject-org:api:v3:storages'

/** Address of a link where there is no such address. */
export const noLink = (what: string): string => `${URN}:${what}:no_link_provided`

/** The types of storages, with their names. */
export const types = { Nextcloud: 'Nextcloud', OneDrive: 'OneDrive', Sharepoint: 'SharePoint' } as const
export type StorageType = keyof typeof types

/** How users of a Nextcloud are authenticated. */
export const methods = {
  TwoWayOAuth2: said`Two-way OAuth 2.0 authorization code flow`,
  OAuth2SSO: said`Single sign-on through an OpenID Connect provider`,
} as const

/** How the connection of a viewer is. */
export const states = {
  Connected: said`Connected`,
  NotConnected: said`Not connected`,
  FailedAuthorization: said`Authorization failed`,
  Error: said`Error`,
} as const
export type State = keyof typeof states

/** A link that names the state of a connection. */
export const stateLink = (state: State) => ({ href: `${URN}:authorization:${state}`, title: states[state] })

/** A value that is written as a URN. Unknown texts are kept, for the check of the property. */
const urn = (prefix: string, values: readonly string[]): Kind => ({
  type: 'Link',
  json: { type: 'string', examples: values.map((value) => `${prefix}:${value}`) },
  render: (value) => `${prefix}:${value}`,
  parse: (value) => {
    if (typeof value !== 'string' || !isStorable(value)) throw new FormatError(said`a URN such as ${prefix}:${values[0] ?? ''}`)
    return value.startsWith(`${prefix}:`) ? value.slice(prefix.length + 1) : value
  },
  strategy: 'list',
})

const isOneOf = (values: object) => (value: unknown) =>
  Object.hasOwn(values, asText(value)) ? undefined : said`is not set to one of the allowed values`

export const typeKind = urn(URN, Object.keys(types))
export const typeFault = isOneOf(types)
export const methodKind = urn(`${URN}:authenticationMethod`, Object.keys(methods))
export const methodFault = isOneOf(methods)

/** An address without slashes at its end. */
export function withoutSlashes(address: string): string {
  let end = address.length
  while (address[end - 1] === '/') end--
  return address.slice(0, end)
}

/** The address of a storage. */
export const originKind: Kind = {
  type: 'Link',
  json: { type: 'string', format: 'uri', examples: ['https://files.example.org', 'https://cloud.example.org/drive'] },
  render: (value) => value,
  parse: (value) => {
    if (typeof value !== 'string' || !isStorable(value)) throw new FormatError(said`an address`)
    return withoutSlashes(value.trim()) || null
  },
  strategy: 'string',
}

const LOOPBACKS = ['localhost', '127.0.0.1', '[::1]']

/** The fault of a storage's address. It must be protected from third parties, as tokens are sent to it. */
export function originFault(value: unknown): Message | undefined {
  const text = asText(value)
  const url = /^[\x21-\x7e]+$/.test(text) ? URL.parse(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || /[?#]/.test(text))
    return said`must be an address such as https://files.example.org`
  if (url.protocol === 'http:' && !LOOPBACKS.includes(url.hostname)) return said`must begin with https://`
  return undefined
}

/** A folder of a storage, in the API its address. */
export const folderKind: Kind = {
  type: 'Link',
  json: { type: 'string', examples: ['/api/v3/storages/42/files/30'] },
  render: ({ storage, folder }) => `/api/v3/storages/${storage}/files/${encodeURIComponent(folder)}`,
  parse: (value) => {
    const [, storage, folder = ''] = /^\/api\/v3\/storages\/(\d+)\/files\/([^/?#]+)$/.exec(asText(value)) ?? []
    if (storage === undefined) throw new FormatError(said`a link like /api/v3/storages/:id/files/:folder`)
    const id = decoded(folder)
    if (id === undefined || !isStorable(id)) throw new FormatError(said`a link like /api/v3/storages/:id/files/:folder`)
    return `${storage}/${id}`
  },
  strategy: 'string',
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The media type of folders. */
export const FOLDER = 'application/x-op-directory'

/** What is known of a file at its storage. Only its id and name are always there. */
export interface OriginData {
  readonly id: string
  readonly name: string
  readonly mimeType?: string
  readonly createdAt?: string
  readonly lastModifiedAt?: string
  readonly createdByName?: string
  readonly lastModifiedByName?: string
}

const LONGEST = 1000
const texts = ['name', 'mimeType', 'createdByName', 'lastModifiedByName'] as const
const moments = ['createdAt', 'lastModifiedAt'] as const

/** What is known of a linked file. Clients send numbers as ids, too. */
export const originDataKind: Kind = {
  type: 'Object',
  json: {
    type: 'object',
    required: ['id', 'name'],
    properties: {
      id: { type: 'string', description: 'Id of the file in its storage.', examples: ['5503'] },
      name: { type: 'string', description: 'File name.', examples: ['mast.pdf'] },
      mimeType: { type: 'string', description: `Media type; \`${FOLDER}\` for folders.`, examples: ['application/pdf'] },
      createdAt: { type: 'string', format: 'date-time', description: 'Creation time.' },
      lastModifiedAt: { type: 'string', format: 'date-time', description: 'Time of the latest change.' },
      createdByName: { type: 'string', description: 'Name of the author.', examples: ['Vera Example'] },
      lastModifiedByName: { type: 'string', description: 'Name of the author of the latest change.', examples: ['Vera Example'] },
    },
  },
  render: (value) => value,
  parse: (value): OriginData => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new FormatError(said`an object with id and name`)
    const { id, ...given } = value as Record<string, unknown>
    const data: Record<string, string> = {
      id: typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : asOwnText(id, 'id'),
    }
    for (const own of texts) if (isGiven(given[own])) data[own] = asOwnText(given[own], own)
    for (const own of moments) if (isGiven(given[own])) data[own] = dateTime.parse(given[own]) as string
    return { name: '', ...data } as unknown as OriginData
  },
  strategy: 'string',
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

function asOwnText(value: unknown, member: string): string {
  if (typeof value !== 'string' || !isStorable(value) || value.length > LONGEST)
    throw new FormatError(said`an object whose ${member} is a text of ${LONGEST} characters at most`)
  return value
}

/** The fault of what a client tells of a file. */
export const originDataFault = (value: unknown): Message | undefined => {
  const { id, name } = value as OriginData
  if (id.trim() === '') return said`must have an id`
  return name.trim() === '' ? said`must have a name` : undefined
}
