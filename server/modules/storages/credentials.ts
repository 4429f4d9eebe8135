/** The credentials by which this server is an OAuth client of a storage. */
import { sql } from '#db/sql.ts'
import { admin } from '#kernel/access/rules.ts'
import type { Operation } from '#kernel/declaration.ts'
import { demand, operation, respondWithRow, rowAt } from '#kernel/operation.ts'
import { resource } from '#kernel/resource.ts'
import { commit } from '#kernel/write/commit.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { said } from '#text/messages.ts'
import { sealed } from './sealed.ts'
import { Storage } from './storages.ts'

export const OAuthClientCredentials = resource('OAuthClientCredentials', 'oauth_client_credentials', {
  path: 'oauth_client_credentials',
  label: 'OAuth client credentials',
  plural: 'OAuth client credentials',
  description: 'The credentials by which this server is an OAuth client of a file storage. Visible to administrators.',
  glossary: {
    clientId: 'Client ID, which the storage has given.',
    clientSecret: 'Client secret. Write-only.',
    confidential: 'Whether there is a client secret.',
    integration: 'The storage.',
  },
  example: { id: 8, clientId: 'halyard-9f2c', clientSecret: 'northern light 4!' },
  title: 'client_id',
  untitled: true,
  visible: admin,
  guards: { show: admin },
  may: { create: admin },
  properties: (p) => ({
    id: p.integer(),
    clientId: p.text({ label: said`Client ID`, required: true, max: 255 }),
    clientSecret: p.password({ label: said`Client secret`, required: true, stored: sealed }),
    confidential: p.boolean({ value: ({ client_secret }) => client_secret !== null }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    integration: p.link('Storage', { column: 'storage_id', readOnly: true, whenGone: 'remove' }),
  }),
  operations: ['show'],
})

/** Users have to connect again, because their tokens belong to the former client. */
const replaceCredentials = operation({
  method: 'POST',
  path: '/storages/:id/oauth_client_credentials',
  summary: 'Set the OAuth client credentials of a file storage',
  description:
    'Stores the credentials that the storage has given to this server. They replace the former ones, and the connections of all users to the storage end. The response is the storage.',
  tag: 'Storage',
  answers: { status: 201, of: 'Storage', as: 'single' },
  takes: 'OAuthClientCredentials',
  run: async (ask) => {
    const { context, db, params, body } = ask
    const { id } = await rowAt(params.id, context.model.of(Storage), context)
    await demand(context, admin, {})
    const credentials = context.model.of(OAuthClientCredentials)
    const prepared = await prepareWrite(context, credentials, undefined, body, { storage_id: id })
    await commit(db, context, credentials, {
      ...prepared,
      confirm: async (tx) => void (await tx.run(sql`delete from oauth_client_credentials where storage_id = ${id}`)),
    })
    return respondWithRow(ask, Storage, id, 201)
  },
})

export const operations: readonly Operation[] = [replaceCredentials]
