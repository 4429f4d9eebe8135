/** Fixtures: rows from a file, by names, written by requests to the API. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { double } from '#test/double.ts'

const folder = mkdtempSync(join(tmpdir(), 'halyard-fixtures-'))
after(() => rmSync(folder, { recursive: true }))

/** Starts a test double with fixtures. */
function started(text: string, name = 'fixtures.yaml') {
  const fixtures = join(folder, name)
  writeFileSync(fixtures, text)
  return double({ seed: 'basic', clock: { at: new Date('2026-01-05T09:00:00Z'), runs: false }, fixtures })
}

const TOKEN = `opapi-${'ab12'.repeat(10)}`

const crew = `
users:
  - { login: lisa, firstName: Lisa, lastName: Sailor, email: lisa@example.org, token: true }
  - { login: tom, firstName: Tom, lastName: Mate, email: tom@example.org, token: ${TOKEN} }
groups:
  - name: Crew
    members: [lisa, tom]
projects:
  - name: Harbour
    identifier: harbour
    description: All *ships*.
  - name: Pier
    parent: harbour
memberships:
  - { project: harbour, principal: lisa, roles: [Project admin, Reader] }
  - { project: Harbour, principal: Crew, roles: [Member] }
versions:
  - { name: Spring, definingProject: harbour }
work_packages:
  - subject: Order the mast
    project: harbour
    type: Task
    assignee: lisa
    version: Spring
    startDate: 2026-01-05
    dueDate: 2026-01-07
  - { subject: Raise, as: raising, project: harbour, type: Milestone }
  - { subject: Raise, project: harbour, type: Task, parent: Order the mast }
relations:
  - { from: Order the mast, type: precedes, to: raising }
time_entries:
  - { entity: raising, spentOn: 2026-01-05, hours: PT2H, activity: Development, user: lisa }
`

describe('fixtures', () => {
  test('create users with tokens, projects, memberships, work packages and what belongs to them', async (t) => {
    const it = await started(crew)
    t.after(() => it.close())
    assert.deepEqual(Object.keys(it.tokens), ['lisa', 'tom'])
    assert.equal(it.tokens.tom, TOKEN)
    const tom = it.as(TOKEN)
    assert.equal((await tom.get('/users/me')).body.login, 'tom')
    const [first, second, third] = (await tom.get('/work_packages?sortBy=[["id","asc"]]')).body._embedded.elements
    assert.deepEqual(
      [first.subject, first._links.assignee.title, first._links.version.title, third._links.parent.title],
      ['Order the mast', 'Lisa Sailor', 'Spring', 'Order the mast'],
    )
    // The rules of the API hold: the milestone is moved after the work that it follows.
    assert.deepEqual([second.date, second.spentTime], ['2026-01-08', 'PT2H'])
    const [relation] = (await tom.get('/relations')).body._embedded.elements
    assert.deepEqual(
      [relation.type, relation._links.from.title, relation._links.to.title],
      ['follows', 'Raise', 'Order the mast'],
    )
    // There is history, and whoever was assigned has been notified.
    const [created] = (await tom.get(`/work_packages/${first.id}/activities`)).body._embedded.elements
    assert.deepEqual([created.createdAt, created.version], ['2026-01-05T09:00:00.000Z', 1])
    const notified = await it.as(it.tokens.lisa as string).get('/notifications')
    assert.deepEqual(
      notified.body._embedded.elements.map((one: any) => [one.reason, one._links.resource.title]),
      [['assigned', 'Order the mast']],
    )
    assert.equal((await it.admin.get('/projects/harbour')).body.description.html, '<p class="op-uc-p">All <em>ships</em>.</p>')
  })

  test('belong to the state that a reset restores, with their tokens', async (t) => {
    const it = await started(crew)
    t.after(() => it.close())
    const lisa = it.as(it.tokens.lisa as string)
    const before = (await lisa.get('/work_packages')).text
    const [first] = JSON.parse(before)._embedded.elements
    assert.equal((await lisa.delete(`/work_packages/${first.id}`)).status, 204)
    const reset = await it.anonymous.post('/test/reset')
    assert.equal(reset.status, 204)
    assert.equal((await lisa.get('/work_packages')).text, before)
  })

  test('can be JSON', async (t) => {
    const it = await started(JSON.stringify({ projects: [{ name: 'Pier', identifier: 'pier' }] }), 'fixtures.json')
    t.after(() => it.close())
    assert.equal((await it.admin.get('/projects/pier')).body.name, 'Pier')
  })

  for (const [text, line, sentence] of [
    ['projects: [', 1, /Flow sequence in block collection must be|must be sufficiently indented|expected/i],
    ['- projects', 1, /^The file must be a mapping/],
    ['projects:\n  name: Pier', 2, /^projects must be a list\.$/],
    ['ships:\n  - name: Pier', 1, /^"ships" cannot be created by the API\./],
    ['types:\n  - name: Ship', 1, /^"types" cannot be created by the API\./],
    ['projects:\n  - nam: Pier', 2, /^project has no property "nam"; it has .*name/],
    ['projects:\n  - name: Pier\n  - name: Dock\n    parent: Harbour', 4, /^parent: there is no project "Harbour"\.$/],
    ['projects:\n  - name: Pier\n  - identifier: dock', 3, /^project: Name can't be blank\.$/],
    [
      'users:\n  - { login: tom, firstName: T, lastName: M, email: tom@example.org, token: secret }',
      2,
      /^token must be true, or opapi-/,
    ],
    [
      'projects:\n  - name: Pier\nwork_packages:\n  - { subject: A, project: Pier, type: Task }\n  - { subject: A, project: Pier, type: Task }\n  - { subject: B, project: Pier, type: Task, parent: A }',
      6,
      /^parent: there are several "A"; set "as" on the one that is meant/,
    ],
  ] as const)
    test(`tell the line of what is wrong: ${JSON.stringify(text.slice(0, 40))}`, async () => {
      await assert.rejects(started(text), (error: Error) => {
        const [, at, said = ''] = /^The fixtures cannot be created: .*fixtures\.yaml:(\d+): (.*)$/.exec(error.message) ?? []
        assert.equal(Number(at), line, error.message)
        assert.match(said, sentence)
        return true
      })
    })
})
