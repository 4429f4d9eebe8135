/** A project with a storage that runs, people who may do different things with it, and their browsers. */
import assert from 'node:assert/strict'
import { sql } from '#db/sql.ts'
import { outgoing } from '#outgoing/client.ts'
import { DRIVE, type FakeGraph, fakeGraph, TENANT } from '#test/graph.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'
import { type FakeNextcloud, fakeNextcloud } from '#test/nextcloud.ts'
import type { OAuthServer } from '#test/oauth-server.ts'
import { quickHash } from '#test/passwords.ts'
import { PASSWORD } from '#test/scene.ts'
import { type Browser, browser } from '../sessions/browser.ts'

export interface Person {
  readonly id: number
  readonly client: Client
  readonly browser: Browser
}

export interface Scene extends Instance {
  readonly cloud: FakeNextcloud
  readonly graph: FakeGraph
  readonly project: number
  readonly workPackage: number
  /** The ids of the storages. */
  readonly nextcloud: number
  readonly drive: number
  /** A member with these permissions, signed in. */
  person(permissions: readonly string[]): Promise<Person>
  /** Connects somebody to a storage, by way of its consent page. */
  connect(person: Person, storage: number): Promise<Reply>
  /** Links a file to the work package, as the administrator. */
  link(storage: number, id: string | number, name: string): Promise<number>
}

export const see = ['view_work_packages', 'view_file_links']
export const manage = [...see, 'manage_file_links']

const URN = 'urn:openproject-org:api:v3:storages'

export async function scene(): Promise<Scene> {
  const it = await instance({ outgoing: outgoing({ allow: ['127.0.0.1'] }) })
  const [cloud, graph] = [await fakeNextcloud(), await fakeGraph()]
  await it.setting('storages_login_url', `${graph.url}/login`)
  await it.setting('storages_graph_url', `${graph.url}/v1.0`)
  const project = await it.make.project({ public: false })
  const workPackage = await it.make.workPackage({ project_id: project })
  const add = async (payload: object, server: OAuthServer): Promise<number> => {
    const { status, body, text } = await it.admin.post('/storages', payload)
    assert.equal(status, 201, text)
    const { clientId, clientSecret } = server
    const set = await it.admin.post(`/storages/${body.id}/oauth_client_credentials`, { clientId, clientSecret })
    assert.deepEqual([set.status, set.body.configured], [201, true])
    const links = { project: { href: `/api/v3/projects/${project}` }, storage: { href: `/api/v3/storages/${body.id}` } }
    assert.equal((await it.admin.post('/project_storages', { _links: links })).status, 201)
    return body.id
  }
  const nextcloud = await add(
    { name: 'Chart room', _links: { type: { href: `${URN}:Nextcloud` }, origin: { href: cloud.url } } },
    cloud,
  )
  const drive = await add(
    { name: 'Drive', tenantId: TENANT, driveId: DRIVE, _links: { type: { href: `${URN}:OneDrive` } } },
    graph,
  )
  let count = 0
  return {
    ...it,
    ...{ cloud, graph, project, workPackage, nextcloud, drive },
    async person(permissions) {
      const login = `sailor-${++count}`
      const id = await it.make.user({ login, password_hash: await quickHash(PASSWORD) })
      await it.make.member(id, project, permissions)
      const one = browser(it.url)
      await one.signIn(login, PASSWORD)
      return { id, client: await it.as(id), browser: one }
    },
    async connect({ client, browser: one }, storage) {
      const { body } = await client.get(`/storages/${storage}`)
      const start = await one.get(pathOf(body._links.authorize.href))
      assert.equal(start.status, 303, start.text)
      const server = storage === nextcloud ? cloud : graph
      return one.get(pathOf(server.consent(start.headers.get('location') as string)))
    },
    async link(storage, id, name) {
      const { status, body, text } = await it.admin.post(`/work_packages/${workPackage}/file_links`, {
        _embedded: { elements: [{ originData: { id, name }, _links: { storage: { href: `/api/v3/storages/${storage}` } } }] },
      })
      assert.equal(status, 201, text)
      return body._embedded.elements[0].id
    },
    async close() {
      await cloud.close()
      await graph.close()
      await it.close()
    },
  }
}

/** The path and query of an address. */
export const pathOf = (address: string): string => {
  const { pathname, search } = new URL(address)
  return pathname + search
}

/** How many connections there are. */
export const connections = async ({ db }: Scene): Promise<number> =>
  (await db.one<{ n: number }>(sql`select count(*) as n from storage_connections`))?.n ?? 0
