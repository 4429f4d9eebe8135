/** Negative cases, by their letters and numbers in our list of them, with the expected responses. */

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { filtersOf } from '#kernel/read/judge.ts'
import { operatorsOf } from '#kernel/read/operators.ts'
import { MOST_LEVELS } from '#modules/work-packages/hierarchy.ts'
import { product } from '#server/modules.ts'
import { filters, type Instance, ids, instance } from '#test/instance.ts'
import { query, sortsOf } from '#test/queries.ts'
import { resourcesWith } from '#test/registry.ts'
import { sampled } from '#test/sample.ts'
import { forgetReads, stopUsageRecords } from '#test/statements.ts'
import { type Exchange, type Wire, wire } from '#test/wire.ts'

const { permissions } = product

const API = '/api/v3'
/** Unbounded work would take minutes; the speed of the machine must not matter. */
const BOUND_MS = 30_000
const all = permissions.filter((one) => one.scopes.includes('project')).map((one) => one.name)
const URN = 'urn:openproject-org:api:v3:errors:'
const stamps = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' }

let server: Instance
let make: Instance['make']
const wires: Wire[] = []
let admin: Wire
/** The attacker: all permissions in one project, and none in the other. */
let trying: Wire
let tryingId: number
let anonymous: Wire
let project: number
let secret: number
let ownTask: number
let secretTask: number
let secretVersion: number
let secretUser: number

before(async () => {
  server = await instance({ logLevel: 'info' })
  make = server.make
  project = await make.project({ identifier: 'open-house', name: 'Open house' })
  secret = await make.project({ identifier: 'closed-house', name: 'Secretary house' })
  tryingId = await make.user({ name: 'Tessa Trying', login: 'tessa', email: 'tessa@example.net' })
  await make.member(tryingId, project, all)
  secretUser = await make.user({ name: 'Secretary Sam', login: 'secretary', email: 'secretary@example.net' })
  await make.member(secretUser, secret, all)
  ownTask = await make.workPackage({ project_id: project, author_id: tryingId, subject: 'A task' })
  secretTask = await make.workPackage({ project_id: secret, author_id: secretUser, subject: 'Secretary task' })
  secretVersion = await make.row('versions', { project_id: secret, name: 'Secretary version', ...stamps }, 'versions')
  admin = as(server.adminToken)
  trying = as(await server.token(tryingId))
  anonymous = as()
})
after(async () => {
  for (const one of wires) one.close()
  await server.close()
})

function as(token?: string): Wire {
  const one = wire(server.url, token)
  wires.push(one)
  return one
}
const person = async (...on: readonly [project: number, permissions: readonly string[]][]) => {
  const id = await make.user()
  for (const [where, what] of on) await make.member(id, where, what)
  return { id, send: as(await server.token(id)) }
}

const errorsOf = ({ body }: Exchange): string[] =>
  (body?._embedded?.errors ?? [body]).map((error: { errorIdentifier?: string }) => error?.errorIdentifier?.replace(URN, ''))
const refused = (answer: Exchange, status: number, ...identifiers: string[]) => {
  assert.equal(answer.status, status, `${answer.method} ${answer.path} ${String(answer.sent).slice(0, 2000)}: ${answer.text}`)
  for (const identifier of identifiers) assert.ok(errorsOf(answer).includes(identifier), answer.text)
}
const task = async () => (await admin('GET', `${API}/work_packages/${ownTask}`)).body
/** A change of the task; its lock version is added unless given. */
const patch = async (body: object, send = trying) =>
  send('PATCH', `${API}/work_packages/${ownTask}`, { lockVersion: (await task()).lockVersion, ...body })
const tells = (answer: Exchange) => /Secretary|secretary|closed-house/.test(answer.text)

describe('A: reading and counting hidden rows', () => {
  test('A2 a time entry with a hidden work package discloses neither its name nor its id', async () => {
    const { send } = await person([project, ['view_time_entries']])
    const entry = await make.row('time_entries', {
      ...{ project_id: project, entity_id: ownTask, user_id: tryingId, logged_by_id: tryingId, spent_on: '2026-01-01', hours: 1 },
      ...stamps,
    })
    const { status, body, text } = await send('GET', `${API}/time_entries/${entry}`)
    assert.equal(status, 200)
    assert.match(body._links.entity.href, /undisclosed$/)
    assert.doesNotMatch(text, /A task|work_packages\/\d/)
  })

  test('A3 a form with a hidden version, assignee, parent or project does not disclose its name', async () => {
    for (const [name, path, id] of [
      ['version', 'versions', secretVersion],
      ['assignee', 'users', secretUser],
      ['parent', 'work_packages', secretTask],
      ['responsible', 'users', secretUser],
    ] as const) {
      const body = { lockVersion: (await task()).lockVersion, _links: { [name]: { href: `${API}/${path}/${id}` } } }
      const answer = await trying('POST', `${API}/work_packages/${ownTask}/form`, body)
      assert.equal(answer.status, 200, answer.text)
      assert.ok(name in answer.body._embedded.validationErrors, name)
      assert.ok(!tells(answer), name)
    }
  })

  test('A4 hidden parents and children are neither named nor embedded', async () => {
    const below = await make.workPackage({ project_id: project, parent_id: secretTask, subject: 'Below' })
    await make.workPackage({ project_id: secret, parent_id: below, subject: 'Secretary child' })
    const answer = await trying('GET', `${API}/work_packages/${below}`)
    assert.equal(answer.status, 200)
    assert.ok(!tells(answer) && !answer.text.includes(`work_packages/${secretTask}"`))
  })

  test('A7 after a membership ends, nothing of its project remains visible, including one’s own watches and assignments', async () => {
    const { id, send } = await person([project, all])
    const made = await make.workPackage({ project_id: project, author_id: id, assigned_to_id: id, subject: 'Mine' })
    await server.db.transaction((tx) => tx.run(sql`insert into watchers (work_package_id, user_id) values (${made}, ${id})`))
    assert.equal((await send('GET', `${API}/work_packages/${made}`)).status, 200)
    await server.db.transaction(async (tx) => {
      await tx.run(sql`delete from memberships where principal_id = ${id}`)
      await invalidate(tx, 'memberships')
    })
    refused(await send('GET', `${API}/work_packages/${made}`), 404, 'NotFound')
    for (const filter of ['watcher', 'assignee', 'author']) {
      const list = await send('GET', `${API}/work_packages?${filters([filter, '=', ['me']])}`)
      assert.ok(list.status === 403 || list.body.total === 0, `${filter}: ${list.text}`)
    }
  })

  test('A10 for consecutive user ids, hidden users have the same responses as missing ones', async () => {
    const { send } = await person()
    const missing = await send('GET', `${API}/users/99999`)
    for (const { id } of await server.db.all<{ id: number }>(sql`select id from principals where type = 'User'`)) {
      const answer = await send('GET', `${API}/users/${id}`)
      if (answer.status !== 200) assert.deepEqual([answer.status, answer.text], [missing.status, missing.text])
      else assert.ok(!tells(answer))
    }
    const found = await send('GET', `${API}/principals?${filters(['typeahead', '**', ['secretary@example.net']])}`)
    assert.ok(found.status === 403 || found.body.total === 0)
  })

  test('A11 a hidden filter value has the same response as a missing one', async () => {
    for (const [filter, id] of [
      ['version', secretVersion],
      ['project', secret],
      ['parent', secretTask],
      ['assignee', secretUser],
      ['id', secretTask],
    ] as const) {
      const [hidden, absent] = await Promise.all(
        [id, 99_999].map((value) => trying('GET', `${API}/work_packages?${filters([filter, '=', [value]])}`)),
      )
      assert.deepEqual([hidden!.status, hidden!.text], [absent!.status, absent!.text], filter)
    }
  })

  test('A12 orders and filters require the permission to read', async () => {
    const { id } = await person([project, ['view_members']])
    const member = as(await server.token(id))
    for (const text of ['tessa@example.net', 'tessa@']) {
      const found = await member('GET', `${API}/principals?${filters(['any_name_attribute', '~', [text]])}`)
      assert.equal(found.body.total, 0, text)
    }
    const byName = await member('GET', `${API}/principals?${filters(['any_name_attribute', '~', ['Tessa']])}`)
    assert.equal(byName.body.total, 1)
  })

  test('A13 totals and sums count only visible rows', async () => {
    await make.workPackage({ project_id: secret, estimated_hours: 1000 })
    const list = await trying('GET', `${API}/work_packages?filters=[]&pageSize=1000&showSums=true&groupBy=project`)
    assert.equal(list.body.total, list.body._embedded.elements.length)
    assert.ok(list.body.groups.every((group: { value: string }) => group.value === 'Open house'))
    assert.notEqual(list.body.totalSums.estimatedTime, 'P41DT16H')
  })

  test('A14 a response to an administrator is not reused for a member', async () => {
    const { send } = await person([project, ['view_work_packages']])
    const type = (await task())._links.type.href.split('/').at(-1)
    const path = `${API}/work_packages/schemas/${project}-${type}`
    assert.equal((await admin('GET', path)).body.subject.writable, true)
    assert.equal((await send('GET', path)).body.subject.writable, false)
    const own = await send('GET', `${API}/work_packages/${ownTask}`)
    assert.ok('delete' in (await admin('GET', `${API}/work_packages/${ownTask}`)).body._links && !('delete' in own.body._links))
  })

  test('A15 a selection contains no more than the whole response', async () => {
    const { send } = await person([project, ['view_work_packages']])
    const whole = await send('GET', `${API}/work_packages?filters=[]`)
    const picked = await send('GET', `${API}/work_packages?filters=[]&select=elements/spentTime,elements/delete,elements/*`)
    assert.deepEqual(picked.body._embedded.elements, whole.body._embedded.elements)
  })

  test('A16 a search finds nothing in hidden projects', async () => {
    for (const filter of ['typeahead', 'search', 'subjectOrId']) {
      const found = await trying('GET', `${API}/work_packages?${filters([filter, '**', ['Secretary']])}`)
      assert.equal(found.body.total, 0, filter)
    }
  })

  test('A19 a hidden project is not found by any of its names, in any notation', async () => {
    await server.db.transaction((tx) =>
      tx.run(sql`insert into former_identifiers (identifier, project_id) values (${'once-closed'}, ${secret})`),
    )
    const archived = await make.project({ identifier: 'archived-house', active: false })
    await make.member(tryingId, archived, all)
    const missing = await trying('GET', `${API}/projects/no-such-project`)
    for (const name of [
      secret,
      'closed-house',
      'CLOSED-HOUSE',
      'once-closed',
      'сlosed-house',
      `${secret} `,
      archived,
      'archived-house',
    ]) {
      const answer = await trying('GET', `${API}/projects/${encodeURIComponent(name)}`)
      assert.deepEqual([answer.status, answer.text], [missing.status, missing.text], String(name))
    }
  })

  test('A20 with required login, anonymous responses disclose nothing', async () => {
    for (const path of ['', '/configuration', '/projects/closed-house', `/users/${secretUser}`, '/no/such/thing', '/types']) {
      const answer = await anonymous('GET', API + path)
      refused(answer, 401, 'Unauthenticated')
      assert.ok(!tells(answer) && !/fastify|node\/|sqlite|postgres/i.test(answer.head + answer.text), path)
    }
  })

  test('A21 memberships and capabilities of a hidden project are the same as for a missing one', async () => {
    for (const [path, filter] of [
      ['memberships', ['project', '=', [secret]]],
      ['memberships', ['principal', '=', [secretUser]]],
      ['capabilities', ['context', '=', [`p${secret}`]]],
      ['capabilities', ['principal', '=', [secretUser]]],
    ] as const) {
      const answer = await trying('GET', `${API}/${path}?${filters([filter[0], filter[1], [...filter[2]]])}`)
      const absent = await trying(
        'GET',
        `${API}/${path}?${filters([filter[0], filter[1], [path === 'capabilities' && filter[0] === 'context' ? 'p99999' : 99_999]])}`,
      )
      assert.deepEqual([answer.status, answer.body.total], [absent.status, absent.body.total], `${path} ${filter[0]}`)
      assert.ok(!tells(answer))
    }
  })

  test('A27 size and number of statements of a response do not distinguish hidden from missing rows', async () => {
    await stopUsageRecords(server.db)
    const costs = async (id: number) => {
      await trying('GET', `${API}/work_packages/${id}`)
      await forgetReads(server.db)
      const former = server.db.statements
      const { head, text } = await trying('GET', `${API}/work_packages/${id}`)
      return [server.db.statements - former, head, text]
    }
    assert.deepEqual(await costs(secretTask), await costs(9_999_999))
  })

  test('A30 HEAD and OPTIONS of a hidden row are the same as for a missing one', async () => {
    for (const method of ['HEAD', 'OPTIONS']) {
      const hidden = await trying(method, `${API}/work_packages/${secretTask}`)
      const missing = await trying(method, `${API}/work_packages/999999`)
      assert.deepEqual([hidden.status, hidden.head, hidden.text], [missing.status, missing.head, missing.text], method)
    }
  })
})

describe('B: writes without permission', () => {
  test('B31 a move requires the permission for both projects, and is rejected as a whole', async () => {
    const target = await make.project()
    const to = { _links: { project: { href: `${API}/projects/${target}` } } }
    for (const [here, there] of [
      [['view_work_packages', 'edit_work_packages'], all],
      [['view_work_packages', 'edit_work_packages', 'move_work_packages'], ['view_work_packages']],
    ]) {
      const { send } = await person([project, here!], [target, there!])
      const answer = await patch(to, send)
      assert.ok(answer.status === 403 || errorsOf(answer).includes('PropertyIsReadOnly'), answer.text)
      assert.match((await task())._links.project.href, new RegExp(`/${project}$`))
    }
  })

  test('B32 permissions are checked for the stored values, not for the sent ones', async () => {
    const mine = await make.project()
    const { send } = await person([project, ['view_work_packages']], [mine, all])
    refused(
      await patch({ subject: 'Taken', _links: { project: { href: `${API}/projects/${mine}` } } }, send),
      403,
      'MissingPermission',
    )
    assert.equal((await task()).subject, 'A task')
  })

  test('B33 links other than properties detach and delete nothing', async () => {
    const child = await make.workPackage({ project_id: project, parent_id: ownTask })
    const links = {
      children: [],
      watchers: [],
      ancestors: [],
      attachments: [],
      fileLinks: [],
      delete: { href: 'x' },
      self: { href: 'x' },
    }
    assert.equal((await patch({ _links: links })).status, 200)
    assert.equal((await admin('GET', `${API}/work_packages/${child}`)).body._links.parent.href, `${API}/work_packages/${ownTask}`)
  })

  test('B34 the id in the path takes precedence', async () => {
    const former = (await admin('GET', `${API}/work_packages/${secretTask}`)).text
    const answer = await patch({
      id: secretTask,
      _links: { self: { href: `${API}/work_packages/${secretTask}` } },
      subject: 'A task',
    })
    assert.deepEqual([answer.status, answer.body.id], [200, ownTask])
    assert.equal((await admin('GET', `${API}/work_packages/${secretTask}`)).text, former)
    const made = await trying('POST', `${API}/work_packages`, {
      id: 77,
      subject: 'x',
      _links: { project: { href: `${API}/projects/${project}` } },
    })
    assert.notEqual(made.body.id, 77)
  })

  test('B35 an address of another kind, host or shape is not a valid link', async () => {
    const wrong = [
      ...[`${API}/not_users/1`, `${API}/work_packages/1`, `//evil${API}/users/1`, `http://evil${API}/users/1`, `/api/v4/users/1`],
      ...[
        `${API}/users/../users/1`,
        `${API}/users/%31`,
        `${API}/users/1/`,
        `${API}/users/1?x=y`,
        `${API}/users/1#x`,
        `${API}/users/`,
      ],
      ...[` ${API}/users/1`, `${API}/users/1 `, `${API}//users/1`, 'users/1', '1', '', 'javascript:alert(1)', `${API}/users/1\n`],
    ]
    for (const href of [...wrong, 1, true, {}, [], { href: `${API}/users/1` }]) {
      refused(await patch({ _links: { assignee: { href } } }), 422, 'ResourceTypeMismatch')
    }
    for (const link of ['x', 1, true, [`${API}/users/1`], [{ href: `${API}/users/1` }]])
      refused(await patch({ _links: { assignee: link } }), 422, 'ResourceTypeMismatch')
    for (const links of ['x', 1, [], null]) {
      const answer = await patch({ _links: links })
      assert.ok(answer.status === (links === null ? 200 : 400), answer.text)
    }
  })

  test('B36 read-only properties are read-only to members and administrators', async () => {
    const changes = {
      createdAt: '2020-01-01T00:00:00Z',
      updatedAt: '2020-01-01T00:00:00Z',
      spentTime: 'PT99H',
      derivedEstimatedTime: 'PT99H',
      _links: { author: { href: `${API}/users/${tryingId === 1 ? 2 : 1}` } },
    }
    for (const send of [trying, admin]) {
      for (const [name, value] of Object.entries(changes))
        refused(await patch({ [name]: value }, send), 422, 'PropertyIsReadOnly')
    }
    const answer = await patch(changes)
    assert.deepEqual(errorsOf(answer), Array(5).fill('PropertyIsReadOnly'))
  })

  test('B37 users cannot set their own admin flag, status or password', async () => {
    const { id, send } = await person([project, all])
    for (const body of [{ admin: true }, { status: 'locked' }, { login: 'root' }, { identityUrl: 'https://evil/1' }]) {
      const answer = await send('PATCH', `${API}/users/me`, body)
      assert.ok(answer.status === 403 || (answer.status === 422 && errorsOf(answer).includes('PropertyIsReadOnly')), answer.text)
    }
    const password = await send('PATCH', `${API}/users/${id}`, { password: 'Something-new-1!' })
    assert.ok(password.status === 403 || password.status === 422, password.text)
    const row = await server.db.one(sql`select admin, status, login, password_hash from principals where id = ${id}`)
    assert.deepEqual([row!.admin, row!.status, row!.password_hash], [false, 1, null])
  })

  test('B38 users who manage users cannot change an administrator, and the last one cannot be removed', async () => {
    const { id, send } = await person()
    await make.member(id, null, ['manage_user', 'create_user'])
    const boss = (await admin('GET', `${API}/users/me`)).body.id
    await server.setting('users_deletable_by_admins', true)
    refused(await send('PATCH', `${API}/users/${boss}`, { firstName: 'Eve' }), 403, 'MissingPermission')
    refused(await send('POST', `${API}/users/${boss}/lock`, {}), 403, 'MissingPermission')
    refused(await send('DELETE', `${API}/users/${boss}`), 403, 'MissingPermission')
    for (const answer of [
      await admin('PATCH', `${API}/users/${boss}`, { admin: false }),
      await admin('PATCH', `${API}/users/${boss}`, { status: 'locked' }),
      await admin('POST', `${API}/users/${boss}/lock`, {}),
      await admin('DELETE', `${API}/users/${boss}`),
    ]) {
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.method} ${answer.sent}: ${answer.status} ${answer.text}`)
    }
    assert.equal((await admin('GET', `${API}/users/me`)).body.admin, true)
  })

  test('B42 no row can be its own ancestor, directly or indirectly', async () => {
    const ofParent = (id: number) => ({ _links: { parent: { href: `${API}/work_packages/${id}` } } })
    refused(await patch(ofParent(ownTask)), 422, 'PropertyConstraintViolation')
    let last = ownTask
    const chain: number[] = []
    for (let i = 1; i < MOST_LEVELS; i++) {
      last = await make.workPackage({ project_id: project, parent_id: last, subject: 'Deep' })
      chain.push(last)
    }
    for (const id of [chain[0]!, chain[50]!, last]) refused(await patch(ofParent(id)), 422, 'PropertyConstraintViolation')
    const deepest = await trying('GET', `${API}/work_packages/${last}`)
    assert.equal(deepest.body._links.ancestors.length, MOST_LEVELS - 1)

    const below = await trying('POST', `${API}/projects/${project}/work_packages`, { subject: 'Too deep', ...ofParent(last) })
    refused(below, 422, 'PropertyConstraintViolation')
    const top = await make.workPackage({ project_id: project, subject: 'Top' })
    refused(await patch(ofParent(top)), 422, 'PropertyConstraintViolation')
  })

  test('B43 property names of JavaScript prototypes have no effect', async () => {
    for (const name of [
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      '__defineGetter__',
      "custom_field_x'",
    ]) {
      const body = `{"lockVersion":${(await task()).lockVersion},"${name}":{"admin":true,"href":"x"},"_links":{"${name}":{"href":"x"}},"_meta":{"${name}":1}}`
      const answer = await trying('PATCH', `${API}/work_packages/${ownTask}`, body)
      assert.equal(answer.status, 200, answer.text)
      for (const path of [
        `${API}/work_packages${query({ filters: [{ [name]: { operator: '=', values: ['1'] } }] })}`,
        `${API}/work_packages?filters=[{"${name}":{"operator":"%3D","values":["1"]}}]`,
        `${API}/work_packages${query({ filters: [{ status: { operator: name, values: ['1'] } }] })}`,
        `${API}/work_packages${query({ sortBy: [[name, 'asc']] })}`,
        `${API}/projects${query({ sortBy: [[name, 'asc']] })}`,
        `${API}/work_packages${query({ groupBy: name })}`,
        `${API}/work_packages${query({ select: `elements/${name}` })}`,
      ]) {
        refused(await trying('GET', path), 400)
      }
      for (const path of ['work_packages', 'projects', 'users', 'types', 'work_packages/schemas', 'project_statuses'])
        refused(await admin('GET', `${API}/${path}/${name}`), 404)
      const status = await trying('PATCH', `${API}/projects/${project}`, {
        _links: { status: { href: `${API}/project_statuses/${name}` } },
      })
      refused(status, 422)
    }
    assert.equal((Object.prototype as any).admin, undefined)
  })

  test('B44 ambiguous JSON is rejected, and nothing of it is stored', async () => {
    const { lockVersion, subject } = await task()
    const path = `${API}/work_packages/${ownTask}`
    const broken = [
      ...[
        `{"lockVersion":${lockVersion},"subject":"a","subject":"b"}`,
        `\ufeff{"lockVersion":${lockVersion}}`,
        '{"subject":NaN}',
      ],
      ...[
        '{"subject":1e400}',
        '{"subject":-1e400}',
        `${'['.repeat(5000)}${']'.repeat(5000)}`,
        `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
      ],
      ...[
        '{"subject":"a"',
        '{"subject":"a"}}',
        "{'subject':'a'}",
        '{subject:1}',
        '{"a":01}',
        '[]',
        '"x"',
        '1',
        'null',
        'true',
        '{"a":undefined}',
      ],
      ...[
        '{"subject":"\t"}',
        '{"subject":"\\x"}',
        '{"subject":"a"}{"subject":"b"}',
        '{"a":1,}',
        '{/**/}',
        '\u0000{}',
        '{"a":"\\u00"}',
      ],
      ...['{"_links":{"a":{"href":"x"},"a":{"href":"y"}}}', '{"\\u0061":1,"a":2}'],
    ]
    for (const body of broken) refused(await trying('PATCH', path, body), 400, 'InvalidRequestBody')
    for (const text of ['\\u0000', 'a\\u0000b', '\\ud800', '\\udfff\\ud800', 'x\\udc00'])
      refused(await trying('PATCH', path, `{"lockVersion":${lockVersion},"subject":"${text}"}`), 422, 'PropertyFormatError')
    for (const number of ['9223372036854775808', '-9223372036854775809', '2147483648', '0.5', '1e30'])
      refused(await trying('PATCH', path, `{"lockVersion":${lockVersion},"percentageDone":${number}}`), 422)
    const after = await task()
    assert.deepEqual([after.subject, after.lockVersion], [subject, lockVersion])
    const kept = await patch({ subject: '\u{1F4A5} İ ﬀ e\u0301 \u202e', description: { raw: `-0 ${'x'.repeat(100_000)}` } })
    assert.equal(kept.status, 200)
    assert.equal((await task()).subject, '\u{1F4A5} İ ﬀ e\u0301 \u202e')
    assert.equal((await task()).description.raw.length, 100_003)
    assert.equal((await patch({ subject: 'A task', description: { raw: '' } })).status, 200)
  })

  test('B44 bytes that are not UTF-8 are not stored in another form', async () => {
    const { lockVersion } = await task()
    const bytes = Buffer.concat([
      Buffer.from(`{"lockVersion":${lockVersion},"subject":"a`),
      Buffer.from([0xff, 0xfe, 0xc0]),
      Buffer.from('"}'),
    ])
    const response = await fetch(`${server.url}${API}/work_packages/${ownTask}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' },
      body: bytes,
    })
    assert.equal(response.status, 400, await response.text())
  })

  test('B45 a missing, wrong or malformed lock version is rejected', async () => {
    const { lockVersion, subject } = await task()
    for (const version of [
      lockVersion - 1,
      lockVersion + 1,
      -1,
      2 ** 31,
      2 ** 53,
      null,
      undefined,
      'x',
      '',
      0.5,
      {},
      [],
      true,
      [lockVersion],
    ]) {
      const answer = await trying('PATCH', `${API}/work_packages/${ownTask}`, { lockVersion: version, subject: 'Won' })
      assert.ok(answer.status === 409 || answer.status === 422, `${JSON.stringify(version)}: ${answer.status}`)
    }
    assert.deepEqual([(await task()).subject, (await task()).lockVersion], [subject, lockVersion])
  })

  test('B45 of two concurrent changes exactly one succeeds', async () => {
    for (let round = 0; round < 5; round++) {
      const { lockVersion } = await task()
      const sent = [trying, admin].map((send, i) =>
        send('PATCH', `${API}/work_packages/${ownTask}`, { lockVersion, subject: `Change ${round} ${i}` }),
      )
      const answers = await Promise.all(sent)
      assert.deepEqual(answers.map((answer) => answer.status).toSorted(), [200, 409])
      const won = answers.find((answer) => answer.status === 200)!
      assert.deepEqual([(await task()).subject, (await task()).lockVersion], [won.body.subject, lockVersion + 1])
    }
    assert.equal((await patch({ subject: 'A task' })).status, 200)
  })

  test('B49 assignees must be assignable, and values must be available in the project', async () => {
    const locked = await make.user({ status: 3 })
    await make.member(locked, project, all)
    const closed = await make.row('versions', { project_id: project, name: 'Closed', status: 'closed', ...stamps }, 'versions')
    const foreign = await make.row('categories', { project_id: secret, name: 'Secretary category' }, 'categories')
    const type = await make.row('types', { name: 'Elsewhere', position: 99, ...stamps }, 'types')
    const status = await make.row('statuses', { name: 'Unreachable', position: 99 }, 'statuses')
    for (const [name, href] of [
      ['assignee', `users/${secretUser}`],
      ['assignee', `users/${locked}`],
      ['responsible', `users/${locked}`],
      ['version', `versions/${closed}`],
      ['version', `versions/${secretVersion}`],
      ['category', `categories/${foreign}`],
      ['type', `types/${type}`],
      ['status', `statuses/${status}`],
    ] as const) {
      const answer = await patch({ _links: { [name]: { href: `${API}/${href}` } } })
      refused(answer, 422, 'PropertyConstraintViolation')
      assert.ok(!tells(answer), name)
    }
  })
})

describe('D: injection', () => {
  const nasty = [
    ...[
      "'",
      '"',
      '`',
      '\\',
      ';',
      '--',
      '/*',
      '*/',
      "' or '1'='1",
      "x' union select 1 --",
      '$1',
      '?',
      ':id',
      '%s',
      '{0}',
      '$' + '{1}',
      '\n',
      '\r\n',
    ],
    ...["'); drop table work_packages; --", '%', '_', '%%', '\\%', '[a-z]', '(', ')', '*', '0x27', '\u02bc', '＇'],
  ]

  test('D78 special characters of SQL have no effect in a filter, an operator, an order or a group', async () => {
    const tables = await server.db.all(sql`select count(*) as n from work_packages`)
    for (const resource of resourcesWith('index')) {
      const keys = [...new Map([...filtersOf(resource).values()].map((filter) => [filter.key, filter])).values()]
      for (const { key, operators, strategy } of sampled(keys, 6, `nasty filters ${resource.name}`)) {
        const operator = (operators ?? operatorsOf[strategy])[0]!
        for (const value of sampled(nasty.slice(0, 12), 4, `nasty values ${resource.name} ${key}`)) {
          const answer = await admin(
            'GET',
            `${API}/${resource.path}${query({ filters: [{ [key]: { operator, values: [value] } }] })}`,
          )
          assert.ok(answer.status === 200 || answer.status === 400, `${resource.name} ${key} ${value}: ${answer.status}`)
        }
      }
      for (const value of sampled(nasty, 6, `nasty parameters ${resource.name}`)) {
        const parameters = [
          { filters: [{ [value]: { operator: '=', values: ['1'] } }] },
          { filters: [{ id: { operator: value, values: ['1'] } }] },
          { sortBy: [[value, 'asc']] },
          { sortBy: [['id', value]] },
          { groupBy: value },
          { select: value },
          { pageSize: value },
          { offset: value },
        ]
        for (const one of parameters) {
          const answer = await admin('GET', `${API}/${resource.path}${query(one)}`)
          assert.ok(answer.status === 200 || answer.status === 400, `${JSON.stringify(one)}: ${answer.status}`)
        }
      }
    }
    assert.deepEqual(await server.db.all(sql`select count(*) as n from work_packages`), tables)
  })

  test('D78 wildcards are ordinary characters', async () => {
    const place = await make.project()
    const subjects = ['100% sure', '100 percent sure', 'under_score', 'underXscore', 'back\\slash', 'backslash']
    for (const subject of subjects) await make.workPackage({ project_id: place, subject })
    const found = async (filter: string, operator: string, value: string) => {
      const list = await admin('GET', `${API}/work_packages?${filters(['project', '=', [place]], [filter, operator, [value]])}`)
      return list.body._embedded.elements.map((one: { subject: string }) => one.subject)
    }
    for (const [value, expected] of [
      ['0%', '100% sure'],
      ['r_s', 'under_score'],
      ['k\\s', 'back\\slash'],
    ] as const) {
      for (const [filter, operator] of [
        ['subject', '~'],
        ['search', '**'],
        ['subjectOrId', '**'],
        ['typeahead', '**'],
      ] as const)
        assert.deepEqual(await found(filter, operator, value), [expected], `${filter} ${value}`)
    }
  })

  test('D78 names with such characters are harmless in later queries', async () => {
    for (const [i, value] of nasty.entries()) {
      const made = await admin('POST', `${API}/projects`, { name: `Name ${value}`, identifier: `nasty-${i}` })
      assert.equal(made.status, 201, made.text)
      const version = { name: `Version ${value}`, _links: { definingProject: { href: made.body._links.self.href } } }
      assert.equal((await admin('POST', `${API}/versions`, version)).status, 201)
      await make.workPackage({ project_id: made.body.id, subject: `Task ${value}`, description: value })
    }
    for (const parameters of [
      { groupBy: 'project', sortBy: [['project', 'asc']] },
      { groupBy: 'version', sortBy: [['version', 'desc']] },
      { sortBy: [['subject', 'asc']], showSums: 'true' },
    ]) {
      const list = await admin('GET', `${API}/work_packages${query({ ...parameters, pageSize: '200', filters: [] })}`)
      assert.equal(list.status, 200, list.text)
    }
  })

  test('D80 operators and values of the wrong kind are rejected', async () => {
    for (const operator of ['=n', '', ' ', '==', '!=', 'in', 'like', 'is null', null, 1, {}, [], ['='], true]) {
      refused(await admin('GET', `${API}/work_packages${query({ filters: [{ status: { operator, values: ['1'] } }] })}`), 400)
    }
    for (const values of [[{}], [[]], [{ $ne: 1 }], [['1']], { a: 1 }, 'x', [null], [''], [' '], [[], []]])
      refused(await admin('GET', `${API}/work_packages${query({ filters: [{ status: { operator: '=', values } }] })}`), 400)
    for (const list of [
      '',
      'x',
      '1',
      '{}',
      'null',
      '[1]',
      '[null]',
      '["x"]',
      '[[]]',
      '[{}]',
      '[{"id":1}]',
      '[{"id":null}]',
      '[{"id":[]}]',
      '[',
    ]) {
      const answer = await admin('GET', `${API}/work_packages${query({ filters: list })}`)
      assert.equal(answer.status, 400, `${list}: ${answer.status}`)
    }
    for (const sorts of [
      'x',
      '1',
      '{}',
      'null',
      '[1]',
      '[null]',
      '[[]]',
      '[[1,2]]',
      '[{}]',
      '["id"',
      '[["id","sideways"],["__proto__"]]',
    ])
      refused(await admin('GET', `${API}/work_packages${query({ sortBy: sorts })}`), 400)
  })

  test('D81 long and repetitive texts are searched in bounded time', async () => {
    const long = [
      'a'.repeat(15_000),
      'a '.repeat(5000),
      `${'a'.repeat(7000)}!`,
      '-'.repeat(9000),
      '\t'.repeat(5000),
      '%25'.repeat(1000),
    ]
    const timed = async (ask: () => Promise<Exchange>) => {
      const start = performance.now()
      const { status, path, sent } = await ask()
      assert.ok(status < 500, `${status} ${path.slice(0, 80)} ${sent?.slice(0, 80)}`)
      assert.ok(
        performance.now() - start < BOUND_MS,
        `${Math.round(performance.now() - start)} ms: ${path.slice(0, 80)} ${sent?.slice(0, 80)}`,
      )
    }
    const { lockVersion } = await task()
    const repeated = [
      'a@'.repeat(50_000),
      `${'a.'.repeat(50_000)}@x`,
      `P${'1'.repeat(90)}Y`,
      '/api/v3/'.repeat(20_000),
      ' '.repeat(100_000),
    ]
    const marked = [
      '*a '.repeat(20_000),
      '['.repeat(20_000),
      '`'.repeat(20_000),
      '> '.repeat(20_000),
      '|a'.repeat(20_000),
      '<a '.repeat(20_000),
    ]
    for (const text of long) {
      await timed(() =>
        admin(
          'GET',
          `${API}/work_packages?filters=[{"search":{"operator":"**","values":["${encodeURIComponent(text).slice(0, 12_000)}"]}}]`,
        ),
      )
    }
    for (const text of repeated) {
      await timed(() =>
        admin('POST', `${API}/users`, { login: text, email: text, firstName: text, lastName: text, status: 'active' }),
      )
      await timed(() =>
        trying('PATCH', `${API}/work_packages/${ownTask}`, {
          lockVersion,
          estimatedTime: text,
          subject: text,
          startDate: text,
          _links: { assignee: { href: text } },
        }),
      )
    }
    for (const text of marked) await timed(() => admin('POST', `${API}/render/markdown`, text, { 'content-type': 'text/plain' }))
  })

  test('D83 requests cannot inject lines into the log', async () => {
    const before = server.logged.length
    for (const path of ['/x%0d%0aforged:%201', '/x%1b[2J', '/%00', '/{"level":60}'])
      await admin('GET', `${API}/work_packages${path}`)
    await admin('GET', `${API}/work_packages`, undefined, { 'user-agent': '"}\u0085{"level":60', 'x-request-id': 'forged' })
    for (const line of server.logged.slice(before)) {
      assert.equal(line.trimEnd().split(/[\r\n\u0085\u2028]/).length, 1)
      assert.equal(JSON.parse(line).level, 30)
      assert.ok(!line.includes('\u001b'))
    }
  })

  test('D86 query strings with meanings in other parsers have none here', async () => {
    for (const text of [
      '__proto__=x',
      '__proto__[admin]=1',
      'a[__proto__][x]=1',
      'constructor[prototype][x]=1',
      'filters[__proto__]=1',
      'pageSize[]=1',
      'filters[0]=x',
    ]) {
      assert.equal((await admin('GET', `${API}/work_packages?${text}`)).status, 200, text)
    }
    assert.equal(({} as any).x, undefined)
  })
})

describe('H: resource exhaustion', () => {
  const fast = async (ask: Promise<Exchange>): Promise<Exchange> => {
    const start = performance.now()
    const answer = await ask
    assert.ok(
      performance.now() - start < BOUND_MS,
      `${answer.path.slice(0, 100)} took ${Math.round(performance.now() - start)} ms`,
    )
    return answer
  }

  test('H107 pages of any size and number have bounded responses', async () => {
    for (const pageSize of [
      '1000000000',
      '-1',
      '0',
      'abc',
      '',
      '1e9',
      '99999999999999999999',
      '-99999999999',
      '1.5',
      'NaN',
      ' 7 ',
    ])
      for (const offset of ['1', '0', '-1', '1000000000000', '99999999999999999999999', 'abc', '']) {
        const { status, body } = await fast(admin('GET', `${API}/work_packages${query({ pageSize, offset, filters: [] })}`))
        assert.equal(status, 200, `${pageSize} ${offset}`)
        assert.ok(body.count <= 1000 && body.pageSize <= 1000 && body.offset >= 1)
      }
  })

  test('H107 thousands of filters, orders, ids and names are rejected', async () => {
    const many = <T>(count: number, one: (i: number) => T) => Array.from({ length: count }, (_, i) => one(i))
    /** Sends each request over a connection of its own: an oversized head ends it. */
    const packed = async (values: object) => {
      const { deflateSync } = await import('node:zlib')
      const eprops = encodeURIComponent(deflateSync(JSON.stringify(values)).toString('base64'))
      const ask = as(server.adminToken)('GET', `${API}/work_packages?eprops=${eprops}`)
      return fast(ask.catch(() => ({ path: '', status: 431 }) as Exchange))
    }
    const names = [...filtersOf(resourcesWith('index').find((one) => one.name === 'WorkPackage')!).keys()]
    const spelled = many(5000, (i) => ({ [names[i % names.length]!]: { operator: '*', values: [] } }))
    assert.ok([400, 431].includes((await packed({ filters: spelled })).status))
    const same = many(5000, () => ({ id: { operator: '=', values: [String(ownTask)] } }))
    assert.equal((await packed({ filters: same })).body.total, 1)
    const sorts = many(10_000, (i) => [sortsOf(resourcesWith('index').find((one) => one.name === 'WorkPackage')!)[i % 9], 'asc'])
    assert.equal((await packed({ sortBy: sorts })).status, 200)
    const values = many(10_000, (i) => String(i))
    assert.ok([400, 431].includes((await packed({ filters: [{ id: { operator: '=', values } }] })).status))
    const own = many(10_000, () => String(ownTask))
    assert.deepEqual(ids((await packed({ filters: [{ id: { operator: '=', values: own } }] })) as never), [ownTask])
    assert.ok([200, 400, 431].includes((await packed({ select: many(50_000, (i) => `elements/${i}`).join() })).status))
  })

  test('H107 oversized addresses and heads are rejected, and the server keeps running', async () => {
    for (const ask of [
      () => admin('GET', `${API}/work_packages?x=${'x'.repeat(1_000_000)}`),
      () => admin('GET', `${API}/work_packages/${'1'.repeat(100_000)}`),
      () => admin('GET', `${API}/work_packages`, undefined, { 'x-long': 'x'.repeat(100_000) }),
    ]) {
      // A connection that is closed during the request counts as a response as well.
      const status = await ask().then(
        (answer) => answer.status,
        () => 431,
      )
      assert.ok(status >= 400 && status < 500, String(status))
    }
    const long = await fast(as(server.adminToken)('GET', `${API}/work_packages/${'1'.repeat(2000)}`))
    assert.ok(long.status === 404 || long.status === 414, long.text)
  })

  test('H107 a compressed parameter cannot be a decompression bomb', async () => {
    const { deflateSync } = await import('node:zlib')
    const bomb = deflateSync(Buffer.alloc(9_000_000, '[')).toString('base64')
    refused(await fast(admin('GET', `${API}/work_packages?eprops=${encodeURIComponent(bomb)}`)), 400)
  })

  test('H108 requests with ambiguous lengths (request smuggling) are rejected', async () => {
    const { port } = new URL(server.url)
    const raw = (text: string) =>
      new Promise<string>((resolve) => {
        let heard = ''
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
        socket.setTimeout(3000, () => socket.destroy())
        socket.on('data', (bytes) => {
          heard += bytes
        })
        socket.on('close', () => resolve(heard))
        socket.on('error', () => {})
      })
    const head = `POST ${API}/work_packages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n`
    for (const text of [
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n`,
      `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
      `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      'GET / HTTP/9.9\r\n\r\n',
      'NONSENSE\r\n\r\n',
    ]) {
      const answers = (await raw(text)).match(/^HTTP\/1\.1 \d+/gm) ?? []
      assert.ok(answers.length === 1 && answers[0]!.startsWith('HTTP/1.1 4'), `${JSON.stringify(text)}: ${answers}`)
    }
    assert.equal((await admin('GET', `${API}/users/me`)).status, 200)
  })

  test('H109 bodies that are large, compressed or full of keys are rejected or parsed in bounded time', async () => {
    const fresh = as(server.adminToken)
    const large = await fresh('POST', `${API}/work_packages`, JSON.stringify({ subject: 'x'.repeat(11_000_000) })).then(
      ({ status }) => status,
      () => 413,
    )
    assert.equal(large, 413)
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, i]))
    refused(await fast(admin('POST', `${API}/work_packages`, keys(200_000))), 413)
    refused(await fast(admin('POST', `${API}/work_packages`, keys(60_000))), 400)
    refused(await fast(admin('POST', `${API}/work_packages`, keys(40_000))), 422)
    const { gzipSync } = await import('node:zlib')
    const response = await fetch(`${server.url}${API}/work_packages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(5_000_000, ' ')),
    })
    assert.ok(response.status === 400 || response.status === 415, String(response.status))
  })

  test('H111 dates, durations and days off at the limits of the calendar take bounded time', async () => {
    await server.db.transaction(async (tx) => {
      for (let i = 1; i <= 9; i++) {
        for (let day = 1; day <= 28; day++)
          await tx.run(
            sql`insert into non_working_days (date, name) values (${`20${30 + i}-02-${String(day).padStart(2, '0')}`}, 'Off')`,
          )
      }
      await invalidate(tx, 'non_working_days')
    })
    const dates = [
      '0001-01-01',
      '0000-01-01',
      '2031-02-03',
      '9999-12-31',
      '9999-12-30',
      '-000001-01-01',
      '+010000-01-01',
      '2031-02-29',
    ]
    for (const startDate of dates) {
      for (const dueDate of sampled(dates, 3, `due dates ${startDate}`)) {
        const answer = await fast(patch({ startDate, dueDate }))
        assert.ok(answer.status === 200 || answer.status === 422, answer.text)
      }
    }
    for (const duration of [
      'P1D',
      'P2000000000D',
      'P99999999999Y',
      'PT0S',
      '-P1D',
      'P1E9D',
      'PT1S',
      'P1W',
      `P${'9'.repeat(80)}D`,
    ]) {
      for (const startDate of ['0001-01-01', '2031-02-03', '9999-12-31', null]) {
        const answer = await fast(patch({ duration, startDate, dueDate: null }))
        assert.ok(answer.status === 200 || answer.status === 422, `${duration} ${startDate}: ${answer.text}`)
      }
      const work = await fast(
        patch({ estimatedTime: duration, remainingTime: duration, duration: null, startDate: null, dueDate: null }),
      )
      assert.ok(work.status === 200 || work.status === 422, `${duration}: ${work.text}`)
      const booked = { spentOn: '9999-12-31', hours: duration, _links: { entity: { href: `${API}/work_packages/${ownTask}` } } }
      assert.ok([201, 422].includes((await fast(trying('POST', `${API}/time_entries`, booked))).status))
    }
    assert.equal((await fast(admin('GET', `${API}/work_packages?filters=[]&showSums=true&groupBy=assignee`))).status, 200)
    for (const count of ['99999', '0', '7'])
      for (const operator of ['t+', 't-', '<t+', '>t+', '<t-', '>t-']) {
        const list = await fast(admin('GET', `${API}/work_packages?${filters(['dueDate', operator, [count]])}`))
        assert.equal(list.status, 200, list.text)
      }
  })
})
