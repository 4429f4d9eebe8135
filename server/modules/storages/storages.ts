/** Storages: servers with files that work packages link to. */
import type { Transaction } from '#db/database.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { register, update } from '#identity/oauth/applications.ts'
import { admin } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { single } from '#kernel/read/single.ts'
import { extension, listHref, resource } from '#kernel/resource.ts'
import { addressOf } from '#kernel/settings.ts'
import { said } from '#text/messages.ts'
import { seesStorage } from './access.ts'
import { checkConnection } from './connections.ts'
import {
  methodFault,
  methodKind,
  methods,
  originFault,
  originKind,
  type StorageType,
  stateLink,
  typeFault,
  typeKind,
  types,
} from './kinds.ts'
import { accessOf, connectPath, isConfigured, loadAccess, loadUploads, stateOf } from './knowledge.ts'
import { sealed } from './sealed.ts'
import { isSingleSignOn } from './single-sign-on.ts'

type Row = Tables['storages']

const isNextcloud = ({ type }: Pick<Row, 'type'>): boolean => type === 'Nextcloud'
const ofNextcloud = ({ row }: Draft<Row>): boolean => isNextcloud(row)
const ofMicrosoft = ({ row }: Draft<Row>): boolean => row.type === 'OneDrive' || row.type === 'Sharepoint'
const hosted = ({ row }: Draft<Row>): boolean => row.type !== 'OneDrive'

const MOST = 255
/** For secrets, whose stored form is longer than the text. */
const tooLong = (value: unknown) =>
  typeof value === 'string' && value.length > MOST ? said`is too long (maximum is ${MOST} characters)` : undefined

/** A tenant and a drive are part of addresses that tokens are sent to. */
const identifier = (value: unknown) => (/^[\w!-][\w!.-]*$/.test(String(value)) ? undefined : said`is invalid`)

/** The name that a storage has unless somebody chooses one, and no application password in place of an empty one. */
const completed = ({ row }: Draft<Row>): Partial<Row> => ({
  ...(!row.name?.trim() && Object.hasOwn(types, row.type ?? '') && { name: types[row.type as StorageType] }),
  ...(row.application_password === '' && { application_password: null }),
})

/** The registration of a Nextcloud as an application of this server. Its app for OpenProject has the redirect URI. */
const registrationOf = ({ name: own, host }: Row) => ({
  name: `${own} (${types.Nextcloud})`,
  redirectUris: [`${host}/index.php/apps/integration_openproject/oauth-redirect`],
})

/** Registers a new Nextcloud as an application of this server, and keeps the registration up to date. */
async function keepApplication(tx: Transaction, { row, before }: Draft<Row>, _: unknown, context: Context): Promise<void> {
  if (!isNextcloud(row)) return
  const { now, viewer, told } = context
  if (!before) {
    const wanted = { ...registrationOf(row), scopes: ['api_v3'], confidential: true, actingUserId: null }
    const { id, secret } = await register(tx, wanted, viewer.id, now)
    await tx.run(sql`update oauth_applications set storage_id = ${row.id} where id = ${id}`)
    told.set(secretOf(id), secret)
  } else if (row.name !== before.name || row.host !== before.host) {
    const application = await tx.one<{ id: number }>(sql`select id from oauth_applications where storage_id = ${row.id}`)
    if (application) await update(tx, application.id, registrationOf(row), now)
  }
}

/** Ends the connections of users to a storage that has moved or authenticates them otherwise: their tokens are not for that. */
async function disconnect(tx: Transaction, { row, before }: Draft<Row>): Promise<void> {
  const reasons = ['host', 'tenant_id', 'authentication_method'] as const
  if (!before || reasons.every((one) => row[one] === before[one])) return
  await tx.run(sql`delete from storage_accounts where storage_id = ${row.id}`)
  await tx.run(sql`
    delete from storage_connections
    where credentials_id in (select id from oauth_client_credentials where storage_id = ${row.id})`)
}

/** The name of an application's secret among what a request tells once. */
const secretOf = (id: number): string => `the secret of application ${id}`

const ofStorage = (table: string, storages: string) =>
  sql`(select ${name(`${table}.id`)} from ${name(table)} where ${name(`${table}.storage_id`)} = ${name(`${storages}.id`)})`

export const Storage = resource('Storage', 'storages', {
  path: 'storages',
  label: 'file storage',
  description:
    'A server with files that work packages link to: a Nextcloud, or a drive of OneDrive or SharePoint. Visible to administrators, and to users who see file links in a project that uses it.',
  glossary: {
    name: 'Name; by default that of the type.',
    storageAudience: 'Audience of access tokens, for single sign-on. Only Nextcloud.',
    tokenExchangeScope: 'Scope of exchanged tokens, for single sign-on. Only Nextcloud.',
    tenantId: 'ID of the tenant in the directory. Only OneDrive and SharePoint.',
    driveId: 'ID of the drive. Only OneDrive and SharePoint.',
    hasApplicationPassword: 'Whether the server has an application password. Only Nextcloud.',
    applicationPassword: 'A new application password; null or an empty text removes it. Write-only, only Nextcloud.',
    forbiddenFileNameCharacters: 'Characters that names of files and folders cannot contain. Only Nextcloud.',
    configured: 'Whether users can connect to it.',
    type: 'URN of its type: Nextcloud, OneDrive or Sharepoint.',
    origin: 'Its address. A storage of OneDrive has none.',
    authenticationMethod: 'URN of the method that authenticates users. Only Nextcloud.',
    prepareUpload: 'Prepares an upload; one link for each project in which the caller may link files.',
    open: 'Redirects to the web page of its files. Null for a drive that is not configured.',
    authorizationState: 'URN of the state of the caller’s connection.',
    authorize:
      'Web page that connects the caller. Present only without a connection, and not with single sign-on, where signing in by the identity provider connects.',
    projectStorages: 'Projects that use it.',
    oauthApplication: 'The application by which it uses this API. For administrators, only Nextcloud.',
    oauthClientCredentials: 'The credentials by which this server uses it. For administrators.',
  },
  example: {
    id: 3,
    name: 'Chart room',
    storageAudience: 'chart-room',
    tokenExchangeScope: 'files',
    tenantId: null,
    driveId: null,
    forbiddenFileNameCharacters: '\\/:*?"<>|',
    applicationPassword: 'wide sea 9!',
    type: 'urn:openproject-org:api:v3:storages:Nextcloud',
    origin: 'https://files.example.org',
    authenticationMethod: 'urn:openproject-org:api:v3:storages:authenticationMethod:TwoWayOAuth2',
  },
  title: 'name',
  order: { column: 'name' },
  paginated: false,
  visible: seesStorage,
  may: { create: admin, update: admin, delete: admin },
  // Permissions, which are cached, decide who sees a storage.
  topics: ['projects'],
  properties: (p) => ({
    id: p.integer(),
    name: p.text({ required: true, max: MOST }),
    storageAudience: p.text({ max: MOST, active: ofNextcloud, nullable: false }),
    tokenExchangeScope: p.text({ max: MOST, active: ofNextcloud, nullable: false }),
    tenantId: p.text({ label: said`Tenant ID`, max: MOST, active: ofMicrosoft, fault: identifier }),
    driveId: p.text({ label: said`Drive ID`, max: MOST, active: ofMicrosoft, fault: identifier }),
    hasApplicationPassword: p.boolean({ value: (row) => row.application_password !== null, when: isNextcloud }),
    applicationPassword: p.password({ active: ofNextcloud, fault: tooLong, stored: sealed }),
    forbiddenFileNameCharacters: p.text({ max: MOST, active: ofNextcloud, nullable: false }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    configured: p.boolean({ value: (row, page) => isConfigured(row, accessOf(row, page)) }),
    type: p.of(typeKind, {
      required: true,
      writable: ({ before }) => !before,
      fault: typeFault,
      inLinks: { title: ({ type }) => types[type as StorageType] ?? type },
    }),
    origin: p.of(originKind, {
      column: 'host',
      required: hosted,
      max: MOST,
      active: hosted,
      fault: originFault,
      nullable: false,
      inLinks: {},
    }),
    authenticationMethod: p.of(methodKind, {
      active: ofNextcloud,
      initial: 'TwoWayOAuth2',
      fault: methodFault,
      nullable: false,
      inLinks: { title: ({ authentication_method: method }) => methods[method as keyof typeof methods] },
    }),
    oauthApplication: p.link('OAuthApplication', {
      label: said`OAuth application`,
      select: (_, table) => ofStorage('oauth_applications', table),
      read: admin,
      when: isNextcloud,
      embed: true,
    }),
    oauthClientCredentials: p.link('OAuthClientCredentials', {
      label: said`OAuth client credentials`,
      select: (_, table) => ofStorage('oauth_client_credentials', table),
      read: admin,
      embed: true,
    }),
  }),
  pageLoaders: { access: loadAccess, uploads: loadUploads },
  actions: {
    prepareUpload: {
      links: ({ id }, { loaded }) =>
        (loaded.uploads.get(id) ?? []).map((projectId: number) => ({
          href: `/api/v3/storages/${id}/files/prepare_upload`,
          method: 'post',
          title: said`Upload file`,
          payload: { projectId, fileName: '{fileName}', parent: '{parent}' },
          templated: true,
        })),
    },
    open: {
      // A drive has to be asked for its web page.
      href: (row, page) => (isNextcloud(row) || accessOf(row, page)?.client_id ? `/api/v3/storages/${row.id}/open` : null),
    },
    authorizationState: {
      href: (row, page) => stateLink(stateOf(row, page)).href,
      title: (row, page) => stateLink(stateOf(row, page)).title,
    },
    authorize: {
      type: 'text/html',
      href: (row, page) => {
        const address = connectPath(row.id, accessOf(row, page)?.client_id ?? '')
        return addressOf(page.context.settings, address)
      },
      title: said`Authorize`,
      // With single sign-on there is nothing to consent to: users are connected by signing in.
      when: (row, page) =>
        !isSingleSignOn(row) &&
        Boolean(accessOf(row, page)?.client_id) &&
        page.context.viewer.signedIn &&
        stateOf(row, page) !== 'Connected',
    },
    projectStorages: { href: ({ id }) => listHref('project_storages', { storageId: ['=', id] }) },
  },
  answer: async (context, row) => {
    await checkConnection(context, row)
    return single(context, context.model.of('Storage'), row)
  },
  derive: [completed],
  after: [keepApplication, disconnect],
  operations: ['index', 'show', 'create', 'update', 'delete'],
})

/** Applications name the storage that they belong to, and goes with it. */
export const applicationExtension = extension('OAuthApplication', 'oauth_applications', {
  glossary: {
    clientSecret: 'Client secret. Present only in the answer to the creation of its storage.',
    integration: 'The storage that uses this API by it.',
  },
  properties: (p) => ({
    clientSecret: p.text({
      label: said`Client secret`,
      value: ({ id }, { context }) => context.told.get(secretOf(id)),
      nullable: false,
    }),
    integration: p.link('Storage', { column: 'storage_id', whenGone: 'remove' }),
  }),
})
