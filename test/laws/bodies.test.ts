/** Laws of request bodies: equivalent notations of links, errors for malformed values, and forms that repeat their input. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { name, sql } from '#db/sql.ts'
import type { Property, Resource } from '#kernel/declaration.ts'
import { hrefOf } from '#kernel/resource.ts'
import { product } from '#server/modules.ts'
import { entriesOf, filledIn, held, offered } from '#test/forms.ts'
import { type Person, type Populated, populated } from '#test/populated.ts'
import { addressesOf, isStored, operations, readingsWith } from '#test/registry.ts'
import { sampled } from '#test/sample.ts'
import type { Exchange } from '#test/wire.ts'

type Json = Record<string, any>

let world: Populated
before(async () => {
  world = await populated()
})
after(() => world.close())

/** A form that is accessible to an administrator, with a valid body. */
interface Form {
  readonly resource: Resource
  readonly path: string
  readonly body: Json
  readonly schema: Json
  readonly isNew: boolean
}

const merged = (a: Json, b: Json): Json => ({ ...a, ...b, _links: { ...a._links, ...b._links } })

/** The forms of all resources: to create, filled in, and to edit the last rows that can be changed. */
async function forms(person: Person): Promise<Form[]> {
  const found: Form[] = []
  for (const resource of readingsWith('form')) {
    const path = `/api/v3/${resource.path}/form`
    const { answer, payload } = await filledIn(path, person)
    // An invited user needs no password, which forms never show.
    const { password, ...rest } = payload
    const body = password === undefined ? payload : { ...rest, status: 'invited' }
    found.push({ resource, path, body, schema: answer.body._embedded.schema, isNew: true })
  }
  for (const resource of readingsWith('editForm')) {
    for (const address of (await addressesOf(world.server.db, resource, 16)).reverse()) {
      const { body } = await person.send('GET', address)
      const lock = body && 'lockVersion' in body ? { lockVersion: body.lockVersion } : {}
      const answer = await person.send('POST', `${address}/form`, lock)
      if (answer.status !== 200) continue
      found.push({ resource, path: `${address}/form`, body: lock, schema: answer.body._embedded.schema, isNew: false })
      break
    }
  }
  return found
}

/** Runs a law for every form; its function gives the violations, in words. */
function forEveryForm(law: string, broken: (form: Form, person: Person) => Promise<readonly string[]>): void {
  test(law, async (t) => {
    const person = world.person('admin')
    for (const form of await forms(person)) await t.test(form.path, async () => assert.deepEqual(await broken(form, person), []))
  })
}

/** Addresses of rows for a link property: those that the form offers, or any. */
async function addressesFor(property: Property, entry: Json, person: Person): Promise<string[]> {
  const list = await offered(entry, person)
  if (list.length > 0) return list
  const target = product.of(property.to as string)
  if (!isStored(target)) return [...(target.rows?.values() ?? [])].map((row) => hrefOf(target, row))
  const rows = await world.server.db.all(sql`select * from ${name(target.table)} order by id limit 3`)
  return rows.map((row) => hrefOf(target, row))
}

/** The writable link properties of a form, with two addresses each; a sample of them for each law. */
async function linksOf(law: string, { schema, resource, path, body, isNew }: Form, person: Person) {
  const { send } = person
  const living = (await send('GET', path.replace(/\/form$/, ''))).body
  const found: { own: string; isMany: boolean; isField: boolean; hrefs: string[] }[] = []
  const links = entriesOf(schema).filter(([, entry]) => entry.writable && entry.location === '_links')
  for (const [own, entry] of sampled(links, 2, `${law} ${path}`)) {
    const declared = resource.property.get(own)
    const isField = /^customField\d+$/.test(own)
    // Custom fields are alike everywhere: one is enough for each kind of resource with custom fields.
    if (isField && !isNew) continue
    const all = declared ? await addressesFor(declared, entry, person) : await offered(entry, person)
    const isMany = declared?.many ?? (String(entry.type).startsWith('[]') || Array.isArray(living?._links?.[own]))
    const fit: string[] = []
    for (const href of all.slice(0, 25)) {
      const answer = await send('POST', path, merged(body, { _links: { [own]: isMany ? [{ href }] : { href } } }))
      if (answer.status === 200 && !(own in answer.body._embedded.validationErrors)) fit.push(href)
      if (fit.length === 2) break
    }
    // Without a match, the path of the address decides.
    if (all.length > 0) found.push({ own, isMany, isField, hrefs: fit.length > 0 ? fit : all.slice(0, 2) })
  }
  return found
}

const errorsOf = ({ body }: Exchange): Json[] => body?._embedded?.errors ?? [body]
const told = (answer: Exchange) =>
  errorsOf(answer).map((one) => `${one.errorIdentifier?.split(':').at(-1)} ${one._embedded?.details?.attribute}`)
/** The payload and the validation errors of a form, by property. */
function said({ status, body, text }: Exchange): Json {
  if (status !== 200) return { answer: `${status} ${text}` }
  const { payload, validationErrors } = body._embedded
  const { _links: links, ...values } = payload
  return {
    ...values,
    ...Object.fromEntries(Object.entries(links).map(([own, link]) => [`_links.${own}`, link])),
    validationErrors,
  }
}

/** The differences of two responses, in words. */
function differences(one: Exchange, other: Exchange): string[] {
  const [a, b] = [said(one), said(other)]
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  const [left, right] = [(own: string) => JSON.stringify(a[own]), (own: string) => JSON.stringify(b[own])]
  return [...names].filter((own) => left(own) !== right(own)).map((own) => `${own} is ${left(own)}, and ${right(own)}`)
}

/** Links that are derived from others or have another name, if they are empty. */
const derived = new Set(['TimeEntry project', 'TimeEntry workPackage'])

const hrefsIn = (link: any): unknown[] => [link].flat().map((one) => one?.href ?? null)

forEveryForm(
  'links are equivalent in _links and at the top, with and without our host; null and links without href are ignored',
  async (form, person) => {
    const broken: string[] = []
    const ask = (more: Json) => person.send('POST', form.path, merged(form.body, more))
    for (const { own, isMany, isField, hrefs } of await linksOf('alike', form, person)) {
      const [href, other] = [hrefs[0] as string, hrefs.at(-1) as string]
      const sent = isMany ? [{ href }] : { href }
      const { [own]: _, ...others } = form.body._links ?? {}
      const without = { ...form.body, _links: others }
      const bare = (more: Json) => person.send('POST', form.path, { ...without, ...more, _links: { ...others, ...more._links } })
      const same = async (what: string, one: Promise<Exchange>, another: Promise<Exchange>) => {
        broken.push(...differences(await one, await another).map((words) => `${own}, ${what}: ${words}`))
      }
      const linked = () => bare({ _links: { [own]: sent } })
      await same('at the top', bare({ [own]: sent }), linked())
      await same('both', bare({ [own]: isMany ? [{ href: other }] : { href: other }, _links: { [own]: sent } }), linked())
      await same('null in _links, a link at the top', bare({ [own]: sent, _links: { [own]: null } }), linked())
      await same(
        'with our host',
        bare({ _links: { [own]: { href: `https://localhost:8080${href}` } } }),
        bare({ _links: { [own]: { href } } }),
      )
      await same('null', bare({ _links: { [own]: null } }), bare({}))
      await same('null at the top', bare({ [own]: null }), bare({}))
      await same('no href', bare({ _links: { [own]: { id: 4 } } }), bare({}))
      for (const nothing of [{ id: 4 }, {}, 'a text', 4, true, [{ id: 4 }], [4], [null]])
        await same(`${JSON.stringify(nothing)} at the top`, bare({ [own]: nothing }), bare({}))
      if (isMany || isField) {
        await same(
          'one link for a list, a list for one link',
          bare({ _links: { [own]: isMany ? { href } : [{ href }, { href: other }] } }),
          linked(),
        )
        await same('an empty list', bare({ _links: { [own]: [] } }), bare({ _links: { [own]: { href: null } } }))
        await same('an empty list at the top', bare({ [own]: [] }), bare({ _links: { [own]: { href: null } } }))
        await same('a null in a list', bare({ _links: { [own]: [null, { href }] } }), bare({ _links: { [own]: [{ href }] } }))
        await same('nothing but null in a list', bare({ _links: { [own]: [null] } }), bare({}))
      } else {
        for (const list of [[], [{ href }], [null]]) {
          const answer = await ask({ _links: { [own]: list } })
          if (answer.status !== 422 || told(answer).join() !== `ResourceTypeMismatch ${own}`)
            broken.push(`${own} as ${JSON.stringify(list)}: ${answer.text}`)
        }
        await same('an empty list at the top', bare({ [own]: [] }), bare({}))
      }
      const cleared = await bare({ _links: { [own]: { href: null } } })
      const shown = cleared.status === 200 && cleared.body._embedded.payload._links[own]
      if (shown && !derived.has(`${form.resource.name} ${own}`) && hrefsIn(shown).some((one) => one !== null))
        broken.push(`${own} is not cleared: ${JSON.stringify(shown)}`)
    }
    return broken
  },
)

forEveryForm('a link to nothing is one error of its property, and the payload repeats it', async (form, person) => {
  const broken: string[] = []
  for (const { own, isMany, hrefs } of await linksOf('nowhere', form, person)) {
    const base = (hrefs[0] as string).replace(/[^/]+$/, '')
    const otherwise = (await person.send('POST', form.path, form.body)).body._embedded.validationErrors
    for (const id of ['-1', '-2147483649', '0', '2147483647', '2147483648', '99999999999999999999']) {
      const href = base + id
      const answer = await person.send(
        'POST',
        form.path,
        merged(form.body, { _links: { [own]: isMany ? [{ href }] : { href } } }),
      )
      if (answer.status !== 200) {
        broken.push(`${own} ${href}: ${answer.status} ${answer.text}`)
        continue
      }
      const { payload, validationErrors } = answer.body._embedded
      const error = validationErrors[own]
      if (!error?.errorIdentifier.endsWith(':PropertyConstraintViolation'))
        broken.push(`${own} ${href}: ${JSON.stringify(error)}`)
      const more = Object.keys(validationErrors).filter((one) => one !== own && !(one in otherwise))
      if (more.length > 0) broken.push(`${own} ${href}: besides, there is something wrong with ${more}`)
      const aliases = [...form.resource.properties].filter(
        ({ column }) => column && column === form.resource.property.get(own)?.column,
      )
      if (answer.body._links.commit) broken.push(`${own} ${href} can be committed`)
      if (!hrefsIn(payload._links[own]).includes(href))
        broken.push(`${own} ${href} is not repeated: ${JSON.stringify(payload._links[own])}`)
      const again = await person.send('POST', form.path, payload)
      // A link with several names may be reported under any of them.
      const isSame = (words: string) => aliases.length > 1 && words.startsWith('validationErrors ')
      broken.push(
        ...differences(again, answer)
          .filter((words) => !isSame(words))
          .map((words) => `${own} ${href}, sent back: ${words}`),
      )
      if (Object.keys(again.body._embedded.validationErrors).length !== Object.keys(validationErrors).length)
        broken.push(`${own} ${href}: ${again.text}`)
    }
  }
  return broken
})

forEveryForm('a link to something else or elsewhere makes the form itself 422', async (form, person) => {
  const broken: string[] = []
  for (const { own, isMany, hrefs } of await linksOf('elsewhere', form, person)) {
    // Links out of the API can have any address, which is then judged as a value.
    if (form.resource.property.get(own)?.options.inLinks) continue
    const href = hrefs[0] as string
    const path = href.replace(/^\/api\/v3\//, '')
    const wrong = [
      '/api/v3/my_preferences/1',
      '/api/v3/actions/x',
      `/api/v3/not_${path}`,
      `https://elsewhere${href}`,
      `//elsewhere${href}`,
    ]
    for (const one of [...wrong, `${href}/`, `/api/v3//${path}`, `${href}?x=y`, `${href}#x`, path, '', 4, {}, true]) {
      const link = isMany ? [{ href: one }] : { href: one }
      for (const body of [{ _links: { [own]: link } }, { [own]: link, _links: { [own]: null } }]) {
        const answer = await person.send('POST', form.path, merged(form.body, body))
        if (answer.status !== 422 || told(answer).join() !== `ResourceTypeMismatch ${own}`)
          broken.push(`${JSON.stringify(body)} answers ${answer.status} ${answer.text.slice(0, 300)}`)
      }
    }
  }
  return broken
})

/** Invalid values of a type, by the type's name in schemas. */
const unreadable: Readonly<Record<string, readonly unknown[]>> = {
  Date: ['yesterday', '2031-02-30', '1.2.2031', 5, {}, true],
  DateTime: ['yesterday', 5, {}, true],
  Duration: ['eight hours', 'P', 8, {}, true],
  Integer: ['half', 1.5, {}, true, 1e12],
  Float: ['half', {}, true],
  Boolean: ['maybe', 5, {}],
  String: [{}, ['a'], 'NUL \u0000'],
  Formattable: ['a text', 5, true, ['a']],
}

/** The writable properties of a form, with invalid values. */
function unreadableOf({ schema, resource }: Form): [string, readonly unknown[]][] {
  // A property without a column is parsed by its module, or not at all.
  const isRead = (own: string) => resource.property.get(own)?.column !== undefined || !resource.property.has(own)
  return entriesOf(schema)
    .filter(([own, entry]) => entry.writable && entry.location === undefined && isRead(own))
    .map(([own, entry]) => [own, unreadable[entry.type] ?? []])
}

forEveryForm('a malformed value makes the form itself 422', async (form, person) => {
  const broken: string[] = []
  const all = unreadableOf(form).filter(([own, values]) => own !== 'lockVersion' && values.length > 0)
  for (const [own, values] of sampled(all, 5, `unreadable ${form.path}`)) {
    for (const value of values) {
      const answer = await person.send('POST', form.path, merged(form.body, { [own]: value }))
      if (answer.status !== 422 || told(answer).join() !== `PropertyFormatError ${own}`)
        broken.push(`${own} ${JSON.stringify(value)}: ${answer.status} ${answer.text.slice(0, 300)}`)
    }
  }
  assert.deepEqual(broken, [])
  if (all.length < 2) return broken
  const many = await person.send(
    'POST',
    form.path,
    merged(form.body, Object.fromEntries(all.map(([own, values]) => [own, values[0]]))),
  )
  assert.equal(many.status, 422, many.text)
  assert.match(many.body.errorIdentifier, /:MultipleErrors$/)
  assert.deepEqual(told(many).toSorted(), all.map(([own]) => `PropertyFormatError ${own}`).toSorted())
  return broken
})

forEveryForm('unwritable properties are read-only for any sent value', async (form, person) => {
  const broken: string[] = []
  for (const own of ['createdAt', 'updatedAt'].filter((one) => form.resource.property.has(one))) {
    for (const value of ['2020-01-01', '2020-01-01T00:00:00Z', 'yesterday', 5, {}, [], true]) {
      const body = merged(form.body, { [own]: value })
      const answer = await person.send('POST', form.path, body)
      const error = answer.body?._embedded?.validationErrors?.[own]
      if (!error?.errorIdentifier.endsWith(':PropertyIsReadOnly'))
        broken.push(`${own} ${JSON.stringify(value)}: ${answer.status} ${answer.text.slice(0, 300)}`)
      if (form.isNew) continue
      const written = await person.send('PATCH', form.path.replace(/\/form$/, ''), body)
      if (written.status !== 422 || told(written).join() !== `PropertyIsReadOnly ${own}`)
        broken.push(`PATCH ${own} ${JSON.stringify(value)}: ${written.status} ${written.text.slice(0, 300)}`)
    }
  }
  return broken
})

forEveryForm('sending a form’s payload back changes nothing', async (form, person) => {
  const first = await person.send('POST', form.path, form.body)
  const again = await person.send('POST', form.path, first.body._embedded.payload)
  return differences(first, again)
})

forEveryForm('without a body a form has the stored values', async (form, person) => {
  const answer = await person.send('POST', form.path, '')
  if (answer.status !== 200) return [answer.text]
  if (form.isNew) return []
  const row = (await person.send('GET', form.path.replace(/\/form$/, ''))).body
  const { payload, schema } = answer.body._embedded
  return entriesOf(schema)
    .filter(([own, entry]) => own in payload && entry.location === undefined && own in row)
    .filter(([own, entry]) => JSON.stringify(held(payload, own, entry)) !== JSON.stringify(held(row, own, entry)))
    .map(([own]) => `${own} is ${JSON.stringify(payload[own])} in the form, and ${JSON.stringify(row[own])}`)
})

test('operations that take a resource’s payload without a form report malformed values like forms', async () => {
  const { send } = world.person('admin')
  const broken: string[] = []
  for (const resource of readingsWith('update').filter((one) => !one.operations.includes('editForm'))) {
    const address = (await addressesOf(world.server.db, resource, 16)).at(-1)
    if (!address || (await send('GET', address)).status !== 200) continue
    for (const { name: own, to, many, column, options } of resource.properties) {
      if (options.readOnly !== undefined || own === 'id' || !to || (!column && !many)) continue
      const wrong = { href: '/api/v3/my_preferences/1' }
      for (const body of [{ _links: { [own]: many ? [wrong] : wrong } }, { [own]: many ? [wrong] : wrong }]) {
        const answer = await send('PATCH', address, body)
        if (answer.status !== 422 || told(answer).join() !== `ResourceTypeMismatch ${own}`)
          broken.push(`${address} ${own}: ${answer.status} ${answer.text}`)
      }
      for (const body of [{ _links: { [own]: null } }, { [own]: null }, { [own]: { id: 4 } }]) {
        const answer = await send('PATCH', address, body)
        if (answer.status !== 200) broken.push(`${address} ${JSON.stringify(body)}: ${answer.status} ${answer.text}`)
      }
    }
    for (const own of ['createdAt', 'updatedAt'].filter((one) => resource.property.has(one))) {
      const answer = await send('PATCH', address, { [own]: '2020-01-01' })
      if (told(answer).join() !== `PropertyIsReadOnly ${own}`) broken.push(`${address} ${own}: ${answer.status} ${answer.text}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('every form was requested', async () => {
  const asked = new Set(
    (await forms(world.person('admin'))).map(({ resource, isNew }) => `${resource.path}${isNew ? '' : '/:id'}/form`),
  )
  const known = operations().filter(({ method, answers }) => method === 'POST' && answers.as === 'form')
  const readings = product.resources.flatMap((resource) => Object.keys(resource.readings ?? {}))
  const isReading = (path: string) => readings.some((reading) => path.startsWith(`${reading}/`))
  const left = known.map(({ path }) => path.slice(1)).filter((path) => !asked.has(path) && !isReading(path))
  // Forms of a project, and of another reading of a resource, are the same, and a copy has that of a new project; the example has
  // one row and cannot be saved.
  assert.deepEqual(left.toSorted(), [
    'example/form',
    'projects/:id/copy/form',
    'projects/:id/work_packages/form',
    'workspaces/:id/work_packages/form',
  ])
})
