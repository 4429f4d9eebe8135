/** Schemas of work packages: one for every pair of project and type, with the properties that the viewer may write. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { created, kind, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
const path = '/work_packages/schemas'
const keys = (of: object) => Object.keys(of).sort()

let task: number
let milestone: number
before(async () => {
  task = await it.types('Task')
  milestone = await it.types('Milestone')
})

const plain = [
  'createdAt',
  'derivedEstimatedTime',
  'derivedPercentageDone',
  'derivedRemainingTime',
  'description',
  'estimatedTime',
  'id',
  'ignoreNonWorkingDays',
  'lockVersion',
  'percentageDone',
  'remainingTime',
  'scheduleManually',
  'subject',
  'updatedAt',
]
const links = [
  ...['assignee', 'author', 'budget', 'category', 'parent', 'priority', 'project', 'responsible', 'sprint', 'status', 'type'],
  'version',
]
const unlessMilestone = ['derivedDueDate', 'derivedStartDate', 'dueDate', 'duration', 'startDate']
const frame = ['_attributeGroups', '_dependencies', '_links', '_type']

describe('the schema of a pair', () => {
  let schema: any
  before(async () => {
    schema = (await admin.get(`${path}/${project}-${task}`)).body
  })

  test('has an entry for every property of a work package of that pair', () => {
    assert.deepEqual(keys(schema), [...frame, ...plain, ...links, ...unlessMilestone, 'spentTime'].sort())
    assert.equal(schema._type, 'Schema')
    assert.deepEqual(schema._dependencies, [])
    assert.deepEqual(schema._links, {
      attachments: { href: null },
      self: { href: `/api/v3/work_packages/schemas/${project}-${task}` },
    })
  })

  test('has type, name and length of a text', () => {
    assert.deepEqual(schema.subject, {
      type: 'String',
      name: 'Subject',
      required: true,
      hasDefault: false,
      writable: true,
      options: {},
      minLength: 1,
      maxLength: 255,
    })
  })

  test('has the location of a link, without allowed values', () => {
    assert.deepEqual(schema.status, {
      type: 'Status',
      name: 'Status',
      required: true,
      hasDefault: true,
      writable: true,
      options: {},
      location: '_links',
      _links: {},
    })
  })

  test('has the names of types that clients know', () => {
    const kinds = Object.fromEntries([...plain, ...links, ...unlessMilestone].map((name) => [name, schema[name].type]))
    assert.deepEqual(kinds, {
      assignee: 'User',
      author: 'User',
      budget: 'Budget',
      category: 'Category',
      createdAt: 'DateTime',
      derivedDueDate: 'Date',
      derivedEstimatedTime: 'Duration',
      derivedPercentageDone: 'Integer',
      derivedRemainingTime: 'Duration',
      derivedStartDate: 'Date',
      description: 'Formattable',
      dueDate: 'Date',
      duration: 'Duration',
      estimatedTime: 'Duration',
      id: 'Integer',
      ignoreNonWorkingDays: 'Boolean',
      lockVersion: 'Integer',
      parent: 'WorkPackage',
      percentageDone: 'Integer',
      priority: 'Priority',
      project: 'Project',
      remainingTime: 'Duration',
      responsible: 'User',
      scheduleManually: 'Boolean',
      startDate: 'Date',
      sprint: 'Sprint',
      status: 'Status',
      subject: 'String',
      type: 'Type',
      updatedAt: 'DateTime',
      version: 'Version',
    })
  })

  test('has display names of properties', () => {
    const names = ['dueDate', 'responsible', 'estimatedTime', 'remainingTime', 'percentageDone', 'scheduleManually', 'createdAt']
    assert.deepEqual(
      names.map((name) => schema[name].name),
      ['Finish date', 'Accountable', 'Work', 'Remaining work', '% Complete', 'Manual scheduling', 'Created on'],
    )
  })

  test('has the required properties, and the ones with defaults', () => {
    const all = [...plain, ...links, ...unlessMilestone]
    assert.deepEqual(all.filter((name) => schema[name].required).sort(), [
      'author',
      'createdAt',
      'id',
      'lockVersion',
      'priority',
      'project',
      'status',
      'subject',
      'type',
      'updatedAt',
    ])
    assert.deepEqual(all.filter((name) => schema[name].hasDefault).sort(), ['priority', 'scheduleManually', 'status'])
  })

  test('groups properties as a form shows them', () => {
    assert.deepEqual(schema._attributeGroups, [
      { _type: 'WorkPackageFormAttributeGroup', name: 'People', attributes: ['assignee', 'responsible'] },
      {
        _type: 'WorkPackageFormAttributeGroup',
        name: 'Estimates and progress',
        attributes: ['estimatedTime', 'remainingTime', 'percentageDone', 'spentTime'],
      },
      {
        _type: 'WorkPackageFormAttributeGroup',
        name: 'Details',
        attributes: ['date', 'category', 'version', 'priority', 'sprint'],
      },
      { _type: 'WorkPackageFormAttributeGroup', name: 'Costs', attributes: ['budget'] },
    ])
    assert.equal(schema.assignee.attributeGroup, 'People')
    assert.ok(!('attributeGroup' in schema.subject))
  })
})

test('a milestone has its single date', async () => {
  const schema = (await admin.get(`${path}/${project}-${milestone}`)).body
  assert.deepEqual(keys(schema), [...frame, ...plain, ...links, 'date', 'spentTime'].sort())
  assert.equal(schema.date.type, 'Date')
})

test('has the properties that the viewer may write', async () => {
  const writable = async (client = admin) => {
    const { body } = await client.get(`${path}/${project}-${task}`)
    return Object.keys(body).filter((name) => body[name].writable)
  }
  const byMember = await writable(it.member.client)
  assert.deepEqual(byMember.sort(), [
    'assignee',
    'budget',
    'category',
    'description',
    'dueDate',
    'duration',
    'estimatedTime',
    'ignoreNonWorkingDays',
    'lockVersion',
    'parent',
    'percentageDone',
    'priority',
    'project',
    'remainingTime',
    'responsible',
    'scheduleManually',
    'sprint',
    'startDate',
    'status',
    'subject',
    'type',
    'version',
  ])
  assert.deepEqual(await writable(it.reader.client), [])
  const { client } = await it.person('view_work_packages', 'change_work_package_status')
  assert.deepEqual((await writable(client)).sort(), ['lockVersion', 'status'])
})

test('progress is read-only if it is derived from the status', async () => {
  await it.setting('work_package_done_ratio', 'status')
  const schema = (await admin.get(`${path}/${project}-${task}`)).body
  assert.deepEqual(
    [schema.estimatedTime.writable, schema.remainingTime.writable, schema.percentageDone.writable],
    [true, false, false],
  )
  await it.setting('work_package_done_ratio', 'field')
})

test('spent time requires the permission to view time entries', async () => {
  const { client } = await it.person('view_work_packages')
  const { body } = await client.get(`${path}/${project}-${task}`)
  assert.ok(!('spentTime' in body))
  assert.ok(!JSON.stringify(body._attributeGroups).includes('spentTime'))
})

describe('a schema is found', () => {
  test('by the identifier of the project too, and has ids in its address', async () => {
    const reply = await admin.get(`${path}/ship-${task}`)
    assert.equal(reply.status, 200)
    assert.equal(reply.body._links.self.href, `/api/v3/work_packages/schemas/${project}-${task}`)
  })

  test('for a type that is disabled in the project', async () => {
    const narrow = (await admin.post('/projects', { name: 'Narrow' })).body.id
    assert.equal((await admin.get(`${path}/${narrow}-${await it.types('Epic')}`)).status, 200)
  })

  test('by a user who sees one work package of the project', async () => {
    const { id } = await created(admin, project)
    const { client } = await it.sharer(id, 'Work package viewer')
    assert.equal((await client.get(`${path}/${project}-${task}`)).status, 200)
  })

  test('but not without a project, a type or a dash between them', async () => {
    for (const id of [`99999-${task}`, `${project}-99999`, '12', 'nowhere-1', `${project}-${task}-x`, `-${task}`]) {
      const reply = await admin.get(`${path}/${id}`)
      assert.deepEqual([reply.status, kind(reply.body)], [404, 'NotFound'], id)
    }
  })

  test('but not by users who see no work packages there', async () => {
    assert.equal((await it.stranger.client.get(`${path}/${project}-${task}`)).status, 404)
    const { client } = await it.person('view_members')
    assert.equal((await client.get(`${path}/${project}-${task}`)).status, 404)
  })
})
