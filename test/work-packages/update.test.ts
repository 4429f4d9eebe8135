/** Changing a work package: lock versions, payloads and validation. */
import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { changed, created, errors, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it

let one: any
const at = () => `/work_packages/${one.id}`
const patch = (body: object, client = admin) => client.patch(at(), { lockVersion: one.lockVersion, ...body })
beforeEach(async () => {
  one = await created(admin, project, { subject: 'Before', description: { raw: 'Text' } })
})

describe('the lock version', () => {
  for (const [name, lockVersion] of [
    ['stale', 17],
    ['missing', undefined],
    ['null', null],
    ['not a number', 'x'],
  ] as const) {
    test(`is rejected when ${name}, before other errors`, async () => {
      const reply = await admin.patch(at(), { subject: '', ...(lockVersion !== undefined && { lockVersion }) })
      assert.equal(reply.status, 409)
      assert.equal(kind(reply.body), 'UpdateConflict')
    })
  }

  test('may be a text with the same digits', async () => {
    assert.equal((await admin.patch(at(), { lockVersion: '0', subject: 'After' })).status, 200)
  })

  test('increases with every change, and only with a change', async () => {
    const same = await patch({ subject: 'Before' })
    assert.equal(same.body.lockVersion, 0)
    assert.equal(same.body.updatedAt, one.updatedAt)
    const after = await patch({ subject: 'After' })
    assert.equal(after.body.lockVersion, 1)
    assert.ok(after.body.updatedAt >= one.updatedAt)
  })

  test('permits one of two concurrent writers', async () => {
    const replies = await Promise.all([patch({ subject: 'First' }), patch({ subject: 'Second' })])
    assert.deepEqual(replies.map((reply) => reply.status).sort(), [200, 409])
  })

  test('is checked after the permission', async () => {
    assert.equal((await it.reader.client.patch(at(), { lockVersion: 17 })).status, 403)
  })
})

describe('a payload', () => {
  test('may omit properties, which stay', async () => {
    const { body } = await patch({ subject: 'After' })
    assert.equal(body.subject, 'After')
    assert.equal(body.description.raw, 'Text')
  })

  test('may have unknown properties', async () => {
    assert.equal((await patch({ shoeSize: 43, _links: { cat: { href: '/api/v3/cats/1' } } })).status, 200)
  })

  test('may be the representation of the work package', async () => {
    const { body } = await admin.get(at())
    const reply = await admin.patch(at(), body)
    assert.equal(reply.status, 200, reply.text)
    assert.equal(reply.body.lockVersion, body.lockVersion)
  })

  test('clears optional properties with null', async () => {
    await patch({ estimatedTime: 'PT8H', _links: { assignee: link('users', it.member.id) } })
    const { body } = await changed(admin, one.id, {
      estimatedTime: null,
      description: { raw: null },
      _links: { assignee: { href: null } },
    })
    assert.equal(body.estimatedTime, null)
    assert.equal(body.description.raw, '')
    assert.deepEqual(body._links.assignee, { href: null })
  })

  test('with null for a link keeps the value, as some clients send null for all that they do not set', async () => {
    await patch({ _links: { responsible: link('users', it.member.id) } })
    const { body } = await changed(admin, one.id, { responsible: null, _links: { responsible: null } })
    assert.equal(body._links.responsible.href, `/api/v3/users/${it.member.id}`)
  })

  test('with an empty link keeps the value', async () => {
    const parent = await created(admin, project)
    await patch({ _links: { parent: link('work_packages', parent.id) } })
    const { body } = await changed(admin, one.id, { _links: { parent: {} } })
    assert.equal(body._links.parent.href, `/api/v3/work_packages/${parent.id}`)
  })

  test('may contain any address of a user, including me', async () => {
    const { body } = await patch({ _links: { assignee: { href: '/api/v3/users/me' } } }, it.member.client)
    assert.equal(body._links.assignee.href, `/api/v3/users/${it.member.id}`)
  })

  test('has only the raw text of a description', async () => {
    const { body } = await patch({ description: { format: 'html', raw: '*New*', html: '<script>' } })
    assert.equal(body.description.raw, '*New*')
    assert.ok(!body.description.html.includes('script'))
  })
})

describe('invalid links', () => {
  test('give 400', async () => {
    for (const _links of ['x', [], 1]) {
      const reply = await patch({ _links })
      assert.equal(reply.status, 400)
      assert.equal(kind(reply.body), 'BadRequest')
    }
  })

  for (const href of [
    '/api/v3/users/1',
    '/api/v3/types',
    '/api/v3/types/1?x',
    '/api/v3/types/../types/1',
    '//evil.example/api/v3/types/1',
    'https://evil.example/api/v3/types/1',
    'types/1',
    '1',
    1,
  ]) {
    test(`are not of a type: ${href}`, async () => {
      const reply = await patch({ _links: { type: { href } } })
      assert.equal(reply.status, 422)
      assert.equal(kind(reply.body), 'ResourceTypeMismatch')
      assert.deepEqual(reply.body._embedded.details, { attribute: 'type' })
    })
  }
})

describe('a value of the wrong kind', () => {
  for (const [attribute, value] of [
    ['startDate', '01.03.2024'],
    ['startDate', '2024-02-30'],
    ['startDate', '2024-03-01T10:00:00Z'],
    ['dueDate', 20240301],
    ['dueDate', '0000-01-01'],
    ['estimatedTime', 'eight hours'],
    ['estimatedTime', 8],
    ['duration', '3'],
    ['percentageDone', 'half'],
    ['percentageDone', 1.5],
    ['ignoreNonWorkingDays', 'maybe'],
    ['subject', {}],
    ['subject', 'NUL \u0000'],
    ['description', 'plain'],
  ] as const) {
    test(`is reported: ${attribute} as ${JSON.stringify(value)}`, async () => {
      const reply = await patch({ [attribute]: value })
      assert.equal(reply.status, 422, reply.text)
      assert.equal(kind(reply.body), 'PropertyFormatError')
      assert.deepEqual(reply.body._embedded.details, { attribute })
    })
  }

  test('except for midnight as a date', async () => {
    assert.equal((await patch({ startDate: '2024-03-01T00:00:00Z' })).body.startDate, '2024-03-01')
  })
})

describe('read-only properties', () => {
  for (const [attribute, value, label] of [
    ['derivedStartDate', '2024-03-01', 'Derived start date'],
    ['derivedEstimatedTime', 'PT1H', 'Total work'],
    ['derivedPercentageDone', 5, 'Total % complete'],
    ['createdAt', '2020-01-01T00:00:00Z', 'Created on'],
    ['spentTime', 'PT5H', 'Spent time'],
    ['date', '2024-03-01', 'Date'],
  ] as const) {
    test(`${attribute} is rejected when it changes`, async () => {
      const reply = await patch({ [attribute]: value })
      assert.equal(reply.status, 422)
      assert.equal(kind(reply.body), 'PropertyIsReadOnly')
      assert.equal(reply.body.message, `${label} was attempted to be written but is not writable.`)
    })
  }

  test('the author is rejected when it changes', async () => {
    const reply = await patch({ _links: { author: link('users', it.member.id) } })
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
  })

  test('the same values are not a change', async () => {
    const { createdAt, spentTime, derivedStartDate, _links } = one
    const reply = await patch({ createdAt, spentTime, derivedStartDate, _links: { author: _links.author } })
    assert.equal(reply.status, 200, reply.text)
  })

  test('the path identifies the work package, independent of an id in the body', async () => {
    const reply = await patch({ id: 99999, subject: 'After' })
    assert.deepEqual([reply.status, reply.body.id], [200, one.id])
  })
})

describe('permissions for single properties', () => {
  let version: number
  before(async () => {
    version = await it.version({ project_id: project, name: 'V' })
  })
  const versionOf = () => ({ _links: { version: link('versions', version) } })

  for (const [permission, allowed] of [
    ['edit_work_packages', 'subject'],
    ['assign_versions', 'version'],
    ['change_work_package_status', 'status'],
    ['manage_subtasks', 'parent'],
  ] as const) {
    test(`${permission} permits changes of the ${allowed}, and no others`, async () => {
      const parent = await created(admin, project)
      const { client } = await it.person('view_work_packages', permission)
      const writes = {
        subject: { subject: 'After' },
        version: versionOf(),
        status: { _links: { status: link('statuses', await it.statuses('In progress')) } },
        parent: { _links: { parent: link('work_packages', parent.id) } },
      }
      const refused: string[] = []
      for (const [attribute, body] of Object.entries(writes)) {
        const reply = await changed(client, one.id, body)
        if (reply.status === 422 && reply.text.includes('PropertyIsReadOnly')) refused.push(attribute)
      }
      const mayChangeStatus = permission === 'edit_work_packages' ? ['status'] : []
      assert.deepEqual(
        refused,
        Object.keys(writes).filter((attribute) => attribute !== allowed && !mayChangeStatus.includes(attribute)),
      )
    })
  }

  test('read-only properties may be sent unchanged', async () => {
    const { client } = await it.person('view_work_packages', 'change_work_package_status')
    const reply = await patch({ subject: one.subject, _links: { version: { href: null } } }, client)
    assert.equal(reply.status, 200, reply.text)
  })
})

describe('principals', () => {
  for (const [attribute, label] of [
    ['assignee', 'Assignee'],
    ['responsible', 'Accountable'],
  ] as const) {
    test(`that have no assignable role cannot be ${label.toLowerCase()}`, async () => {
      const { id } = await it.person('view_work_packages')
      const reply = await patch({ _links: { [attribute]: link('users', id) } })
      assert.equal(reply.status, 422)
      assert.deepEqual(errors(reply.body), [
        `${attribute}: The chosen user is not allowed to be '${label}' for this work package.`,
      ])
    })

    test(`that are unknown or hidden cannot be ${label.toLowerCase()} either`, async () => {
      const hidden = await make.user()
      for (const id of [99999, hidden]) {
        const reply = await patch({ _links: { [attribute]: link('users', id) } }, it.member.client)
        assert.deepEqual(errors(reply.body), [`${attribute}: ${label} does not exist.`])
      }
    })
  }

  test('that have an assignable share can be assigned', async () => {
    const editor = await it.sharer(one.id, 'Work package editor')
    const viewer = await it.sharer(one.id, 'Work package viewer')
    assert.equal((await patch({ _links: { assignee: link('users', viewer.id) } })).status, 422)
    assert.equal((await patch({ _links: { assignee: link('users', editor.id) } })).status, 200)
  })

  test('that are not assignable any more may stay', async () => {
    const leaving = await it.person('work_package_assigned')
    await patch({ _links: { assignee: link('users', leaving.id) } })
    await it.db.transaction((tx) => tx.run(sql`delete from memberships where principal_id = ${leaving.id}`))
    const reply = await changed(admin, one.id, { subject: 'After', _links: { assignee: link('users', leaving.id) } })
    assert.equal(reply.status, 200, reply.text)
  })
})

test('only editors may write', async () => {
  const reply = await patch({ subject: 'x' }, it.reader.client)
  assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
})
