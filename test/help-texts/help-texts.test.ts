/** Help texts: one for each attribute, written by those who may, read by those who know of the attribute. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { makeField, removeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'

let it: Instance
let editor: Client
let reader: Client
let member: Client
let project: number
before(async () => {
  it = await instance()
  project = await it.make.project()
  const [one, other, third] = [await it.make.user(), await it.make.user(), await it.make.user()]
  await it.make.member(one, null, ['edit_attribute_help_texts'])
  await it.make.member(third, project, ['view_work_packages'])
  ;[editor, reader, member] = [await it.as(one), await it.as(other), await it.as(third)]
})
after(() => it.close())

const text = (attribute: string, more: object = {}) => ({ attribute, helpText: { raw: `About *${attribute}*.` }, ...more })

test('a text is written by those who may edit help texts, and read by everybody who has signed in', async () => {
  const { status, body } = await editor.post('/help_texts', text('startDate', { caption: 'Monday' }))
  assert.equal(status, 201)
  assert.deepEqual(
    [body._type, body.attribute, body.attributeCaption, body.attributeFieldName, body.scope, body.caption],
    ['HelpText', 'startDate', 'Start date', 'start_date', 'WorkPackage', 'Monday'],
  )
  assert.match(body.helpText.html, /<em>startDate<\/em>/)
  const address = `/help_texts/${body.id}`
  assert.deepEqual((await reader.get(address)).body._links, {
    self: { href: `/api/v3${address}` },
    attachments: { href: `/api/v3${address}/attachments` },
  })
  assert.deepEqual(Object.keys((await editor.get(address)).body._links).sort(), [
    ...['addAttachment', 'attachments', 'delete', 'editText', 'self', 'update', 'updateImmediately'],
  ])
  assert.deepEqual(body._links.editText, { href: `/admin/attribute_help_texts/${body.id}/edit`, type: 'text/html' })
  assert.equal((await reader.post('/help_texts', text('dueDate'))).status, 403)
  assert.equal((await reader.patch(address, { caption: 'Mine' })).status, 403)
  assert.equal((await editor.patch(address, { caption: 'Tuesday' })).body.caption, 'Tuesday')
  assert.equal((await editor.delete(address)).status, 204)
  assert.equal((await reader.get(address)).status, 404)
})

test('the list is not paginated, and not for strangers', async () => {
  const made = [
    (await editor.post('/help_texts', text('subject'))).body.id,
    (await editor.post('/help_texts', text('name', { scope: 'Project' }))).body.id,
  ]
  const { body } = await reader.get('/help_texts?pageSize=1')
  assert.deepEqual([body._type, body.total, body.count, 'pageSize' in body], ['Collection', 2, 2, false])
  assert.deepEqual(ids({ body } as never), made)
  await it.setting('login_required', false)
  assert.equal((await it.anonymous.get('/help_texts')).status, 403)
  assert.equal((await it.anonymous.get(`/help_texts/${made[0]}`)).status, 403)
})

test('an attribute is one that the scope has, and has one text', async () => {
  const faults = async (payload: object) => (await editor.post('/help_texts', payload)).body.message
  assert.equal(await faults(text('identifier')), 'Attribute is not set to one of the allowed values.')
  assert.equal(await faults(text('priority', { scope: 'Ship' })), 'Scope is not set to one of the allowed values.')
  assert.equal((await editor.post('/help_texts', text('identifier', { scope: 'Project' }))).status, 201)
  assert.equal(await faults(text('identifier', { scope: 'Project' })), 'Attribute has already been taken.')
  assert.equal(await faults({ attribute: 'priority' }), "Help text can't be blank.")
})

test('what it explains stays the same', async () => {
  const { id } = (await editor.post('/help_texts', text('category'))).body
  const { status, body } = await editor.patch(`/help_texts/${id}`, { attribute: 'version' })
  assert.deepEqual([status, body.errorIdentifier], [422, 'urn:openproject-org:api:v3:errors:PropertyIsReadOnly'])
})

test('the form lists the attributes', async () => {
  const { body } = await editor.post('/help_texts/form', { scope: 'Project' })
  const { attribute, scope } = body._embedded.schema
  assert.deepEqual(scope._embedded.allowedValues, ['WorkPackage', 'Project'])
  assert.ok(attribute._embedded.allowedValues.includes('statusExplanation'))
  assert.ok(!attribute._embedded.allowedValues.includes('subject'))
})

test('the text of a custom field is for those who see the field, and goes with it', async () => {
  const field = await it.db.transaction((tx) =>
    makeField(tx, { resource: 'WorkPackage', name: 'Depth', format: 'int', projects: [project] }),
  )
  const attribute = `customField${field}`
  assert.equal((await editor.post('/help_texts', text(attribute))).status, 422, 'the editor does not see the field')
  const { body } = await it.admin.post('/help_texts', text(attribute))
  assert.deepEqual([body.attributeCaption, body.attributeFieldName], ['Depth', `custom_field_${field}`])
  assert.equal((await member.get(`/help_texts/${body.id}`)).status, 200)
  assert.equal((await reader.get(`/help_texts/${body.id}`)).status, 404)
  assert.equal((await editor.get(`/help_texts/${body.id}`)).status, 404)
  assert.ok(!ids(await reader.get('/help_texts')).includes(body.id))
  await it.db.transaction((tx) => removeField(tx, product, field))
  assert.equal((await it.admin.get(`/help_texts/${body.id}`)).status, 404)
  assert.equal(await it.db.one(sql`select id from help_texts where attribute = ${attribute}`), undefined)
})
