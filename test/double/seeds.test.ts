/** The ids of seeded rows, which never change: tests of others rely on them. docs/testing.md lists them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { double } from '#test/double.ts'

/** The names by which rows of a list are known, in the order of their ids from 1 up, unless a list begins elsewhere. */
const basic: Readonly<Record<string, readonly string[]>> = {
  types: ['Task', 'Milestone', 'Summary task', 'Feature', 'Epic', 'User story', 'Bug'],
  statuses: [
    ...['New', 'In specification', 'Specified', 'Confirmed', 'To be scheduled', 'Scheduled', 'In progress', 'Developed'],
    ...['In testing', 'Tested', 'Test failed', 'Closed', 'On hold', 'Rejected'],
  ],
  priorities: ['Low', 'Normal', 'High', 'Immediate'],
  roles: [
    ...['Non member', 'Anonymous', 'Standard global role', 'Member', 'Reader', 'Project admin'],
    'Staff and projects manager',
  ],
}

const demo: Readonly<Record<string, readonly string[]>> = {
  ...basic,
  projects: ['demo-project', 'your-scrum-project'],
  versions: ['Bug Backlog', 'Product Backlog', 'Sprint 1', 'Sprint 2'],
}

const people: Readonly<Record<string, readonly [id: number, login: string][]>> = {
  basic: [[4, 'admin']],
  demo: [
    [4, 'admin'],
    [5, 'mira'],
    [6, 'jonas'],
    [7, 'teo'],
  ],
}

const text = readFileSync(resolve(import.meta.dirname, '../../docs/testing.md'), 'utf8')

for (const [seed, wanted] of [
  ['basic', basic],
  ['demo', demo],
] as const)
  describe(`the seed ${seed}`, () => {
    test('gives the same ids to its rows, whatever the clock says', async () => {
      for (const at of ['2026-01-05T09:00:00Z', '2031-12-31T23:59:59Z']) {
        const it = await double({ seed, clock: { at: new Date(at), runs: false } })
        // Types and the like can be seen by those who see a project.
        if (seed === 'basic') assert.equal((await it.admin.post('/projects', { name: 'First' })).body.id, 1)
        for (const [path, names] of Object.entries(wanted)) {
          const { body } = await it.admin.get(`/${path}?pageSize=1000`)
          const rows: { id: number; identifier?: string; name: string }[] = body._embedded.elements
          const known = rows.map(({ id, identifier, name }) => [id, identifier ?? name] as const).sort(([a], [b]) => a - b)
          assert.deepEqual(
            known,
            names.map((name, i) => [i + 1, name]),
            path,
          )
        }
        const users = (await it.admin.get('/users?pageSize=1000')).body._embedded.elements
        assert.deepEqual(
          users
            .map(({ id, login }: { id: number; login: string }) => [id, login])
            .sort((a: [number], b: [number]) => a[0] - b[0]),
          people[seed],
        )
        await it.close()
      }
    })

    test('is listed by the documentation', () => {
      const rows = Object.values(wanted).flatMap((names) => names.map((name, i) => [i + 1, name] as const))
      for (const [id, name] of [...rows, ...(people[seed] ?? [])]) assert.ok(text.includes(`${id} ${name}`), `${id} ${name}`)
    })
  })

test('work packages of the demo have the ids of its order', async () => {
  const it = await double({ seed: 'demo' })
  const subject = async (id: number) => (await it.admin.get(`/work_packages/${id}`)).body.subject
  assert.deepEqual(
    [await subject(1), await subject(2), await subject(14)],
    ['Refit plan approved', 'Make the ship ready for the season', 'Skippers can plan a trip'],
  )
  await it.close()
})
