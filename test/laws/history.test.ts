/** Laws of the history: every writer of journaled rows keeps the newest version up to date, and all of them are in the kernel. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Transaction } from '#db/database.ts'
import { name, sql } from '#db/sql.ts'
import { removeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { versionFaults } from '#test/layout.ts'
import { oneFile } from '#test/parts.ts'
import { type Populated, populated } from '#test/populated.ts'

let world: Populated
before(async () => {
  world = await populated()
  await world.server.setting('journal_aggregation_time_minutes', 0)
})
after(() => world.close())

const journaled = () => product.resources.flatMap(({ table, journal }) => (journal ? [table as string, journal as string] : []))

test('statements that write journaled rows and their versions are in the kernel', () => {
  const root = new URL('../../server/', import.meta.url).pathname
  const tables = journaled().join('|')
  const write = new RegExp(`\\b(?:update|insert into|updateEach\\(\\S+|insert\\()\\s*['"]?(?:${tables})\\b`, 'gi')
  const found = globSync('**/*.ts', { cwd: root, exclude: ['db/**', 'kernel/**', 'seeds/**'] }).flatMap((file) =>
    [...readFileSync(root + file, 'utf8').matchAll(write)].map(([text]) => `${file}: ${text}`),
  )
  assert.deepEqual(found, [])
})

const link = (path: string) => ({ href: `/api/v3/${path}` })

/** Writes of every kind in sequence: those that change work packages directly, and those that change them as a side effect. */
const writes: readonly [what: string, work: () => Promise<unknown>][] = [
  ['a working day', () => ask('PATCH', '/days/week/6', { working: true })],
  ['several working days', () => ask('PATCH', '/days/week', { _embedded: { elements: [6, 5].map(weekDay) } })],
  ['a day off', () => ask('POST', '/days/non_working', { date: '2031-02-04', name: 'A holiday' })],
  ['a moved day off', () => ask('PATCH', '/days/non_working/2031-02-04', { date: '2031-02-05' })],
  ['a removed day off', () => ask('DELETE', '/days/non_working/2031-02-05')],
  ['a subject', () => change('A child', { subject: 'A child still' })],
  [
    'dates of a predecessor',
    () => change('A child still', { startDate: '2031-02-10', dueDate: '2031-02-14', scheduleManually: true }),
  ],
  ['work of a child', () => change('A child still', { estimatedTime: 'PT50H', remainingTime: 'PT20H' })],
  ['no parent', () => change('A child still', { _links: { parent: { href: null } } })],
  ['another parent', async () => change('A child still', { _links: { parent: link(await addressOf('Of coder 1')) } })],
  ['a comment', async () => ask('POST', `/${await addressOf('A child still')}/activities`, { comment: { raw: 'Said.' } })],
  ['a file', async () => ask('POST', `/${await addressOf('A child still')}/attachments`, oneFile.body, oneFile.headers)],
  ['a removed file', async () => ask('DELETE', `/attachments/${await last('attachments')}`)],
  ['a new work package', () => ask('POST', '/projects/lab/work_packages', { subject: 'New' })],
  ['a relation', async () => relate(await addressOf('New'), await addressOf('Of coder 1'))],
  ['a removed relation', async () => ask('DELETE', `/relations/${await last('relations')}`)],
  [
    'a move with descendants',
    async () => change('Of coder 1', { _links: { project: link(`projects/${await project('annex')}`) } }),
  ],
  ['a custom action', () => execute('A child still')],
  ['a version with narrower sharing', async () => ask('PATCH', `/versions/${await version('tree')}`, { sharing: 'none' })],
  ['a moved project', async () => ask('PATCH', `/projects/${await project('annex')}`, { _links: { parent: { href: null } } })],
  ['an archived project', async () => ask('PATCH', `/projects/${await project('annex')}`, { active: false })],
  ['an unarchived project', async () => ask('PATCH', `/projects/${await project('annex')}`, { active: true })],
  ['a removed membership', async () => ask('DELETE', `/memberships/${await last('memberships')}`)],
  ['a deleted user', async () => ask('DELETE', `/users/${world.person('member').id}`)],
  ['a deleted group', async () => ask('DELETE', `/groups/${await last('principals', sql`type = 'Group'`)}`)],
  ['a deleted version', async () => ask('DELETE', `/versions/${await version('system')}`)],
  ['removed custom fields', () => world.server.db.transaction(removeAllFields)],
  ['a deleted work package', async () => ask('DELETE', `/${await addressOf('A parent')}`)],
  ['a deleted project', async () => ask('DELETE', `/projects/${await project('lab')}`)],
]

test('the newest version of every row equals the row, after any write', async (t) => {
  assert.deepEqual(await versionFaults(world.server.db), [])
  const newest = () => one(sql`select max(id) as id from journals`)
  const start = await newest()
  for (const [what, work] of writes) {
    await t.test(what, async () => {
      await work()
      assert.deepEqual(await versionFaults(world.server.db), [])
    })
  }
  assert.ok((await newest()) - start > writes.length, 'the writes changed next to nothing')
})

async function ask(method: string, path: string, body?: unknown, headers?: Record<string, string>, who = 'admin') {
  const answer = await world.person(who).send(method, `/api/v3${path}`, body, headers)
  assert.ok(answer.status < 300, `${method} ${path} answers ${answer.status} ${answer.text}`)
  return answer.body
}

const weekDay = (day: number) => ({ working: day !== 6, _links: { self: link(`days/week/${day}`) } })

async function one(query: ReturnType<typeof sql>): Promise<number> {
  const row = await world.server.db.one<{ id: number }>(query)
  return row?.id ?? assert.fail(`nothing found by ${query.text} ${query.values}`)
}
const addressOf = async (subject: string) =>
  `work_packages/${await one(sql`select id from work_packages where subject = ${subject}`)}`
const project = (identifier: string) => one(sql`select id from projects where identifier = ${identifier}`)
const version = (sharing: string) => one(sql`select id from versions where name = ${`Shared: ${sharing}`}`)
const last = (table: 'attachments' | 'relations' | 'memberships' | 'principals', where = sql`1 = 1`) =>
  one(sql`select max(id) as id from ${name(table)} where ${where}`)

async function change(subject: string, body: object) {
  const path = `/${await addressOf(subject)}`
  const { lockVersion } = await ask('GET', path)
  return ask('PATCH', path, { lockVersion, ...body })
}

const relate = (from: string, to: string) => ask('POST', `/${from}/relations`, { type: 'follows', _links: { to: link(to) } })

async function execute(subject: string) {
  const address = await addressOf(subject)
  const { lockVersion } = await ask('GET', `/${address}`)
  const id = await one(sql`select id from custom_actions`)
  return ask('POST', `/custom_actions/${id}/execute`, { lockVersion, _links: { workPackage: link(address) } }, {}, 'member')
}

async function removeAllFields(tx: Transaction) {
  const fields = await tx.all<{ id: number }>(sql`select id from custom_fields`)
  for (const { id } of fields) await removeField(tx, product, id)
}
