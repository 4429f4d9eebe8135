/**
 * The canary law: no response discloses anything hidden from the viewer. Every operation gets requests with each hidden row,
 * in each place for one, and with a missing one: the responses must be identical.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { beginSession } from '#identity/sessions.ts'
import { hashToken } from '#identity/tokens.ts'
import { invalidate } from '#kernel/cache.ts'
import { product } from '#server/modules.ts'
import { type Entangled, entangled, FIRST_BESIDE, inMirror } from '#test/entangled.ts'
import { filledIn } from '#test/forms.ts'
import { type Ask, type Hidden, hide, leak, neutral, twin } from '#test/hidden.ts'
import { type Instance, instance } from '#test/instance.ts'
import { layout } from '#test/layout.ts'
import { addressesOf, isStored, readingsWith, resourcesWith } from '#test/registry.ts'
import {
  byFilter,
  byLetter,
  byLink,
  byMention,
  byNeighbour,
  byPath,
  byShape,
  contents,
  type Ground,
  harvested,
} from '#test/replay.ts'
import { isEverything, sampled, sampledOfEach } from '#test/sample.ts'
import { type Exchange, type Wire, wire } from '#test/wire.ts'

const { permissions } = product

/** Resources without hidden rows: all viewers of the list see all of them. */
const open = new Set([
  'Role',
  'Type',
  'Status',
  'Priority',
  'TimeEntriesActivity',
  'NonWorkingDay',
  'CustomAction',
  'ProjectPhaseDefinition',
])
/** Texts of hidden rows with a closed set of values, and therefore without a marker. */
const worded = new Set([
  'Relation.type',
  'Version.status',
  'Version.sharing',
  'User.language',
  'User.status',
  'Attachment.status',
  'PlaceholderUser.status',
  'Query.timelineZoomLevel',
  'Query.highlightingMode',
  'Query.displayRepresentation',
  'Notification.reason',
  'ProjectStorage.projectFolderMode',
  'Sprint.sharing',
  'HelpText.attribute',
  'HelpText.scope',
])

/** The numbers of the replays: one for each outsider. */
const REPLAYS = [0, 1, 2, 3, 4, 5, 6, 7]

/** A client with a session cookie. */
function bySession(url: string, secret: string): Wire {
  const send = wire(url)
  const own = { cookie: `_open_project_session=${secret}`, 'x-requested-with': 'XMLHttpRequest' }
  return Object.assign<Wire, object>(
    ((method, path, body, headers) => send(method, path, body, { ...own, ...headers })) as Wire,
    { close: send.close },
  )
}

interface Outsider {
  readonly name: string
  readonly id: number | undefined
  readonly send: Wire
  /** Texts of hidden resources that are visible to them. */
  readonly known: readonly string[]
}

let server: Instance
let hidden: Hidden
let ground: Ground
let beside: Entangled
let member: Outsider
let manager: Outsider
let stranger: Outsider
let anonymous: Outsider
let leaver: Outsider
let insider: Wire
let limitedAdmin: Outsider
let limitedInsider: Outsider
const started = new Map<string, Record<string, any>>()
let offered: Ask[] = []

before(async () => {
  server = await instance({ logLevel: 'trace' })
  await server.setting('login_required', false)
  await server.setting('allow_tracking_start_and_end_times', true)
  const { make } = server
  const all = permissions.filter((one) => one.scopes.includes('project')).map((one) => one.name)
  const everything = await make.role(all)
  // Viewers who manage members see all groups, to add them as members.
  const nearlyEverything = await make.role(all.filter((one) => one !== 'manage_members'))
  const home = await make.project({ identifier: 'home', name: 'At home' })
  const outsider = async (name: string, role?: number): Promise<Outsider> => {
    const id = await make.user({ name, login: name })
    if (role) await make.member(id, home, { role })
    return { name, id, send: wire(server.url, await server.token(id)), known: [] }
  }
  member = await outsider('member', nearlyEverything)
  manager = await outsider('manager', everything)
  // One of them uses a session, like browsers.
  stranger = await outsider('stranger')
  const secret = await server.db.transaction((tx) => beginSession(tx, stranger.id as number, undefined, new Date()))
  stranger = { ...stranger, send: bySession(server.url, secret) }
  anonymous = { name: 'anonymous', id: undefined, send: wire(server.url), known: [] }
  const own = await make.workPackage({ project_id: home, author_id: member.id, subject: 'Of home', start_date: '2026-01-01' })
  const stamps = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' }
  const version = await make.row('versions', { project_id: home, name: 'Of home', ...stamps }, 'versions')
  const category = await make.row('categories', { project_id: home, name: 'Of home' }, 'categories')
  const booked = {
    project_id: home,
    entity_id: own,
    user_id: member.id,
    logged_by_id: member.id,
    spent_on: '2026-01-01',
    hours: 1,
  }
  const entry = await make.row('time_entries', { ...booked, ...stamps })
  const query = await make.row('queries', {
    project_id: home,
    user_id: member.id,
    name: 'Of home',
    filters: '[]',
    sort_by: '["id-desc"]',
    highlighting_mode: 'inline',
    timestamps: '["PT0S"]',
    timeline_zoom_level: 'auto',
    timeline_labels: '{}',
    ...stamps,
  })
  const view = await make.row('views', { query_id: query, type: 'work_packages_table', ...stamps })
  const file = { file_name: 'of-home.txt', content_type: 'text/plain', file_size: 1, digest: '', storage_name: 'of-home' }
  const at = { container_type: 'WorkPackage', container_id: own, author_id: member.id }
  const attachment = await make.row('attachments', { ...file, ...at, ...stamps })
  const membership = await server.db.one<{ id: number }>(sql`select id from memberships where principal_id = ${member.id}`)

  beside = await entangled(server, home, member.id as number)
  hidden = await hide(server, everything)
  await linkUp(home, own, entry, query)
  await beside.tie(hidden)
  // Another uses the access token of an application.
  manager.send.close()
  const access = await accessToken(manager.id as number)
  manager = { ...manager, send: wire(server.url, access), known: hidden.group.map(String) }
  leaver = { name: 'leaver', id: hidden.leaver, send: wire(server.url, await server.token(hidden.leaver)), known: [] }
  insider = wire(server.url, await server.token(hidden.insider))
  const limited = async (name: string, id: number, known: readonly string[]): Promise<Outsider> => {
    return { name, id, send: wire(server.url, await server.token(id, { projects: [home] })), known }
  }
  const admin = await server.db.one<{ id: number }>(sql`select id from principals where login = 'admin'`)
  limitedAdmin = await limited('limited administrator', admin!.id, manager.known)
  limitedInsider = await limited('limited insider', hidden.insider, [])
  const fields = await server.db.all<{ id: number; resource: string }>(sql`select id, resource from custom_fields`)
  const namesOf = Map.groupBy(fields, (field) => field.resource)
  ground = {
    hidden,
    beside: beside.visible,
    fields: new Map([...namesOf].map(([resource, own]) => [resource, own.map(({ id }) => `customField${id}`)])),
    visible: new Map([
      ['projects', home],
      ['work_packages', own],
      ['versions', version],
      ['categories', category],
      ['time_entries', entry],
      ['attachments', attachment],
      ['memberships', membership!.id],
      ['principals', member.id!],
      ['queries', query],
      ['views', view],
    ]),
  }
})
/** The access token of an authorised application. */
async function accessToken(user: number): Promise<string> {
  const { row } = server.make
  const [now, later] = [new Date().toISOString(), new Date(Date.now() + 86_400_000).toISOString()]
  const stamps = { created_at: now, updated_at: now }
  const scopes = '["api_v3"]'
  const named = { name: 'zqkClock', client_id: 'zqkclock', redirect_uris: '[]', scopes }
  const application_id = await row('oauth_applications', { ...named, ...stamps })
  const grant_id = await row('oauth_grants', { application_id, user_id: user, scopes, ...stamps })
  const authorization_id = await row('oauth_authorizations', { grant_id })
  const given = { kind: 'access', hash: hashToken('access-of-the-manager'), application_id, authorization_id }
  await row('oauth_tokens', { ...given, scopes, content: '{}', created_at: now, expires_at: later })
  return 'access-of-the-manager'
}

/** Links visible rows to hidden ones: their representations must not disclose the targets. */
async function linkUp(project: number, workPackage: number, timeEntry: number, query: number): Promise<void> {
  const first = (table: string) => hidden.ids.get(table)![0]
  await server.db.transaction(async (tx) => {
    await tx.run(sql`update projects set parent_id = ${first('projects')} where id = ${project}`)
    await tx.run(sql`update work_packages set parent_id = ${first('work_packages')} where id = ${workPackage}`)
    await tx.run(sql`update time_entries set entity_id = ${first('work_packages')} where id = ${timeEntry}`)
    const uses = [
      ['parent', 'work_packages'],
      ['assignee', 'principals'],
      ['version', 'versions'],
    ].map(([name, table]) => ({ name, operator: '=', values: [String(first(table!))] }))
    await tx.run(sql`update queries set filters = ${JSON.stringify(uses)} where id = ${query}`)
    await invalidate(tx, 'projects')
  })
}
after(async () => {
  for (const { send } of [member, manager, stranger, anonymous, leaver, limitedAdmin, limitedInsider]) send.close()
  insider.close()
  await server.close()
})

/** The place of a request: its path without ids and names, and the filter, order or link in it. */
function placeOf({ method, path, body }: Ask): string {
  const [address = '', parameters = ''] = path.split('?')
  const links = Object.keys((body as { _links?: object })?._links ?? {})
  const named = /%22(\w+)%22/.exec(parameters)?.[1] ?? parameters.replace(/=.*/, '')
  return `${method} ${address.replace(/[^/]*(\d|zqk)[^/]*/g, ':')} ${named} ${links}`
}

let replayed = 0
/**
 * The requests of a replay: a different sample each time. In a sampled run two of the outsiders ask at each place, so that
 * every run still covers every place.
 */
function asks(): Ask[] {
  const own = replayed++
  const isAsked = (place: string) => sampled(REPLAYS, 2, `canary ${place}`).includes(own)
  const some = (kind: string, list: Iterable<Ask>, count: number) =>
    sampledOfEach([...list], placeOf, count, `canary ${own} ${kind}`).filter((ask) => isAsked(placeOf(ask)))
  return [
    ...some('paths', byPath(ground), 2),
    ...some('filters', byFilter(ground), 1),
    ...some('neighbours', byNeighbour(ground), 2),
    ...some('shapes', byShape(ground), 1),
    ...some('links', byLink(ground, started), 1),
    ...some('mentions', byMention(ground), 15),
    ...some('offers', offered, 1),
  ]
}

const send = (to: Wire, { method, path, body, headers }: Ask): Promise<Exchange> => to(method, path, body, headers)
const isTold = (one: Ask, known: readonly string[]) =>
  known.some((text) => `${one.path}${JSON.stringify(one.body)}`.includes(text))

/** The first difference of two responses, in words. */
function difference(one: string, other: string): string {
  let at = 0
  while (one[at] === other[at]) at++
  const around = (text: string) => text.slice(Math.max(0, at - 60), at + 100)
  return `${one.slice(0, 3)} …${around(one)}…, and where there is nothing ${other.slice(0, 3)} …${around(other)}…`
}

/** Sends each request for the hidden and for the missing row. Gives disclosed texts, and differences between the responses. */
async function replay({ send: to, known }: Outsider): Promise<{ count: number; told: string[] }> {
  const told: string[] = []
  const twins = new Map<string, Exchange>()
  let count = 0
  for (const ask of asks()) {
    if (isTold(ask, known)) continue
    const absent = twin(ask)
    const key = JSON.stringify(absent)
    const answer = await send(to, ask)
    const expected = key === JSON.stringify(ask) ? answer : (twins.get(key) ?? (await send(to, absent)))
    twins.set(key, expected)
    count++
    const asked = `${ask.method} ${ask.path} ${JSON.stringify(ask.body) ?? ''}`
    const found = leak(expected.head + expected.text, known)
    if (found) told.push(`${asked} tells ${found}`)
    if (expected.status >= 500 || answer.status >= 500) told.push(`${asked} answers ${answer.status}, ${expected.status}`)
    const [here, there] = [answer, expected].map(({ status, head, text }) => neutral(`${status} ${head}${text}`))
    if (here !== there) told.push(`${asked} answers ${difference(here!, there!)}`)
  }
  return { count, told }
}

/** Replays all requests; nothing may be disclosed, and nothing may change. */
async function assertSilence(outsider: Outsider): Promise<void> {
  const tables = [...layout.keys()]
  const former = await contents(server.db, tables)
  const { count, told } = await replay(outsider)
  assert.ok(count > (isEverything ? 1000 : 150), `${count} requests`)
  assert.deepEqual(told.slice(0, 20), [])
  assert.equal(await contents(server.db, tables), former)
}

test('something of every kind is hidden, with a marker in every text', async () => {
  for (const resource of product.resources.filter(isStored)) {
    const isPlanted = hidden.ids.has(resource.table) || open.has(resource.name)
    assert.ok(isPlanted, `nothing of ${resource.name} is hidden: hide() in test/support/hidden.ts has to make it`)
  }
  const admin = wire(server.url, server.adminToken)
  for (const resource of readingsWith('show').filter(isStored)) {
    if (open.has(resource.name)) continue
    let seen = 0
    for (const address of await addressesOf(server.db, resource)) {
      if (!/\/770\d{3}$/.test(address)) continue
      const { status, body } = await admin('GET', address)
      if (status !== 200) continue
      seen++
      for (const { name, kind, column } of resource.properties) {
        if (
          !column ||
          !(name in body) ||
          !['String', 'Formattable'].includes(kind.type) ||
          worded.has(`${resource.name}.${name}`)
        )
          continue
        assert.match(JSON.stringify(body[name]), /zqk/, `${resource.name}.${name} of ${address} holds no marker`)
      }
    }
    assert.ok(seen > 0, `nothing of ${resource.name} was found`)
  }
  admin.close()
})

test('nothing is disclosed to a member of another project, with empty caches', async () => {
  for (const resource of resourcesWith('form')) {
    const { payload } = await filledIn(`/api/v3/${resource.path}/form`, member)
    started.set(resource.name, payload)
  }
  await assertSilence(member)
})

test('hidden rows are visible to viewers with permission', async () => {
  const answers: Exchange[] = []
  for (const ask of [...byPath(ground), ...byShape(ground)]) {
    if (ask.method === 'GET') answers.push(await send(insider, ask))
  }
  for (const resource of readingsWith('editForm')) {
    for (const address of await addressesOf(server.db, resource)) {
      if (/\/770\d{3}$/.test(address)) answers.push(await insider('POST', `${address}/form`, { lockVersion: 0 }))
    }
  }
  const all = answers.map((answer) => answer.text).join('\n')
  const markers = [
    ...(await contents(server.db, ['work_packages', 'projects', 'versions', 'categories', 'time_entries', 'queries'])).matchAll(
      /zqk\d+x/g,
    ),
  ]
  const archived = new Set(
    (await contents(server.db, ['projects']))
      .split('\n')
      .filter((line) => /"active":(false|0)/.test(line))
      .flatMap((line) => line.match(/zqk\d+x/g) ?? []),
  )
  // Other projects are hidden from them too.
  const isBeside = (marker: string) => Number(marker.slice(3, -1)) > FIRST_BESIDE
  const missing = new Set(
    markers.map(([marker]) => marker).filter((one) => !all.includes(one) && !archived.has(one) && !isBeside(one)),
  )
  assert.deepEqual([...missing], [])
  offered = harvested(answers)
  assert.ok(offered.length > 100)
})

test('nothing is disclosed to the same member after others have been notified', () => assertSilence(member))

test('only the names of groups are disclosed to a user who manages members elsewhere', () => assertSilence(manager))

test('nothing is disclosed to a stranger with a session', async () => {
  assert.equal((await stranger.send('GET', '/api/v3/users/me')).body.id, stranger.id)
  await assertSilence(stranger)
})

test('nothing is disclosed to anonymous users', () => assertSilence(anonymous))

test('orders, groups, sums and filters do not depend on names, dates and numbers of hidden rows', async () => {
  for (const { name, send: to, known } of [member, anonymous]) {
    const some = (list: Iterable<Ask>) => sampledOfEach([...list], placeOf, 1, `mirror ${name}`)
    const isAsked = (ask: Ask) => sampled([member, anonymous], 1, `mirror ${placeOf(ask)}`).some((one) => one.send === to)
    const all = [...some(byShape(ground)), ...some(byNeighbour(ground)), ...some(byLetter(ground))].filter(
      (ask) => isAsked(ask) && !isTold(ask, known),
    )
    const answers = async () => {
      const texts: string[] = []
      for (const ask of all) texts.push((await send(to, ask)).text)
      return texts
    }
    const former = await answers()
    const others = await inMirror(server.db, beside.ties, answers)
    const told = all.flatMap(({ method, path }, i) =>
      former[i] === others[i] ? [] : [`${name}: ${method} ${path} answers ${difference(former[i]!, others[i]!)}`],
    )
    assert.deepEqual(told.slice(0, 20), [])
    assert.ok(all.length > (isEverything ? 500 : 250), `${all.length} requests`)
  }
})

test('nothing is disclosed to an administrator with a token for another project', () => assertSilence(limitedAdmin))

test('nor to a user with permission and such a token, except their own data', async () => {
  const me = await limitedInsider.send('GET', '/api/v3/users/me')
  const own = [...me.text.matchAll(/zqk\d+x/g)].map(([text]) => text)
  // An unclaimed upload of theirs belongs to no project.
  const [, unclaimed] = hidden.ids.get('attachments')!
  await assertSilence({
    ...limitedInsider,
    known: [String(hidden.insider), String(unclaimed), ...own, '2092-05-06T07:08:09.000Z', '2092-05-07T07:08:09.000Z'],
  })
})

test('nothing is disclosed by a member’s calendar', async () => {
  const made = await member.send('POST', `/api/v3/queries/${ground.visible.get('queries')}/ical_url`, { token_name: 'Canary' })
  assert.equal(made.status, 201)
  const { pathname, search } = new URL(made.body._links.icalUrl.href)
  const calendar = await fetch(server.url + pathname + search)
  const text = (await calendar.text()).replaceAll('\r\n ', '')
  assert.match(text, /SUMMARY:Of home/)
  assert.equal(leak(text), undefined)
})

test('nothing is disclosed to a former member', async () => {
  const reads = [...byPath(ground)].filter((ask) => ask.method === 'GET')
  for (const ask of sampledOfEach(reads, placeOf, 1, 'former member')) await send(leaver.send, ask)
  assert.ok(leak((await leaver.send('GET', '/api/v3/work_packages')).text), 'as a member they are told')
  const { status } = await server.admin.delete(`/memberships/${hidden.membership}`)
  assert.equal(status, 204)
  // The viewer's own identity is not secret.
  const me = await leaver.send('GET', '/api/v3/users/me')
  const own = [...me.text.matchAll(/zqk\d+x/g)].map(([text]) => text)
  await assertSilence({
    ...leaver,
    known: [String(hidden.leaver), ...own, '2092-05-06T07:08:09.000Z', '2092-05-07T07:08:09.000Z'],
  })
})

test('with required login, all anonymous requests get the same response', async () => {
  await server.setting('login_required', true)
  for (const ask of sampledOfEach([...byPath(ground)], placeOf, 1, 'required login')) {
    const { status, text } = await send(anonymous.send, ask)
    assert.equal(status, 401, `${ask.method} ${ask.path}`)
    assert.equal(leak(text), undefined, `${ask.method} ${ask.path}`)
  }
})

test('the log contains nothing hidden except requested addresses', () => {
  assert.ok(server.logged.length > (isEverything ? 5000 : 2000))
  for (const line of server.logged) {
    // Operators may know who asked.
    const { path: _, reqId: __, user: ___, token: ____, ...rest } = JSON.parse(line)
    assert.equal(leak(JSON.stringify(rest)), undefined, line)
    assert.ok(!line.includes('opapi-'), line)
  }
})
