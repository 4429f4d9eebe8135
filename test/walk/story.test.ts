/** A team plans a release, from the root to the day of delivery, by links alone. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Instance, instance } from '#test/instance.ts'
import { type Browser, browser, called, elements, entryPoints, to } from './browser.ts'

let halyard: Instance
/** Lena is the leader, Tom a member, Sam a stranger. */
let [lena, tom, sam]: Browser[] = []
before(async () => {
  halyard = await instance()
  const person = async (first: string, ...rights: string[]) => {
    const id = await halyard.make.user({ name: `${first} Sailor`, first_name: first, last_name: 'Sailor' })
    if (rights.length > 0) await halyard.make.member(id, null, rights)
    return browser(await halyard.as(id))
  }
  lena = await person('Lena', 'add_project', 'view_all_principals')
  tom = await person('Tom')
  sam = await person('Sam')
})
after(() => halyard.close())

/** From Monday, 3 March 2031, on. */
const [MON, FRI, NEXT_MON, NEXT_TUE, NEXT_WED] = ['2031-03-03', '2031-03-07', '2031-03-10', '2031-03-11', '2031-03-12']

test('a team plans a release, and delivers it', async (t) => {
  const [leader, builder, stranger] = [lena, tom, sam] as [Browser, Browser, Browser]
  const tell = (what: string, work: () => Promise<void>) => t.test(what, work)
  let project: any
  let epic: any
  let writing: any
  let testing: any
  let release: any

  /** Creates a work package with the linked form. */
  const plan = async (type: string, body: object, links: object = {}) => {
    const first = await leader.act(project, 'createWorkPackage', {})
    const kind = to(called(type, first._embedded.schema.type._embedded.allowedValues))
    const form = await leader.act(project, 'createWorkPackage', { ...body, _links: { type: kind, ...links } })
    assert.deepEqual(form._embedded.validationErrors, {})
    return leader.act(form, 'commit', form._embedded.payload)
  }
  /** The current state of a resource. */
  const again = (one: any, who = leader) => who.follow(one, 'self')

  await tell('Lena comes in, and starts a project of which she is the first member', async () => {
    const root = await leader.open('root')
    assert.equal(root._links.user.title, 'Lena Sailor')
    assert.equal(root._links.memberships, undefined)
    await leader.open('projects')
    project = await leader.add(
      { href: entryPoints.projects },
      { name: 'Release 2', description: { raw: 'Sails **and** ropes.' } },
    )
    assert.match(project.description.html, /<strong>and<\/strong>/)
    assert.equal(elements(await leader.follow(project, 'memberships')).length, 1)
  })

  await tell('She finds Tom among those who can join, and lets him in', async () => {
    const { project: where, principal, roles } = (await leader.add({ href: entryPoints.membership }, {}))._embedded.schema
    assert.ok(called('Release 2', elements(await leader.visit(where._links.allowedValues))))
    const tomHimself = called('Tom Sailor', elements(await leader.visit(principal._links.allowedValues)))
    const member = called('Member', elements(await leader.visit(roles._links.allowedValues)))
    const links = { project: to(project), principal: to(tomHimself), roles: [to(member)] }
    const form = await leader.add({ href: entryPoints.membership }, { _links: links })
    await leader.act(form, 'commit', form._embedded.payload)
    project = await again(project)
    const known = elements(await builder.open('projects'))
    assert.deepEqual(
      known.map((one) => one.name),
      ['Release 2'],
    )
    assert.deepEqual(elements(await stranger.open('projects')), [])
  })

  await tell('They plan: one thing above, two below it, and a milestone', async () => {
    epic = await plan('Summary task', { subject: 'Ship it' })
    const first = await leader.act(epic, 'addChild', {
      subject: 'Write',
      startDate: MON,
      dueDate: FRI,
      estimatedTime: 'P1DT16H',
      _links: { parent: to(epic) },
    })
    writing = first
    testing = await plan('Task', { subject: 'Test', duration: 'P2D', estimatedTime: 'PT16H' }, { parent: to(epic) })
    release = await plan('Milestone', { subject: 'Released' })
    epic = await again(epic)
    assert.deepEqual(
      epic._links.children.map((one: any) => one.title),
      ['Write', 'Test'],
    )
    assert.equal(epic.derivedEstimatedTime, 'P2DT8H')
  })

  await tell('Tests follow the writing, and the release follows the tests: dates fall into place', async () => {
    await leader.act(testing, 'addRelation', { type: 'follows', _links: { to: to(writing) } })
    await leader.act(testing, 'addRelation', { type: 'precedes', _links: { to: to(release) } })
    testing = await again(testing)
    assert.deepEqual([testing.scheduleManually, testing.startDate, testing.dueDate], [false, NEXT_MON, NEXT_TUE])
    assert.equal((await again(release)).date, NEXT_WED)
    epic = await again(epic)
    assert.deepEqual([epic.startDate, epic.dueDate], [MON, NEXT_TUE])
    assert.equal(epic._links.updateImmediately.method, 'patch')
  })

  await tell('Tom takes the writing by way of its form, which tells him first what he got wrong', async () => {
    const [mine] = elements(await builder.open('projects'))
    writing = called('Write', elements(await builder.follow(mine, 'workPackages')))
    const { lockVersion } = writing
    const wrong = await builder.act(writing, 'update', { lockVersion, subject: '' })
    assert.deepEqual([Object.keys(wrong._embedded.validationErrors), wrong._links.commit], [['subject'], undefined])
    const { schema } = wrong._embedded
    const assignees = elements(await builder.visit(schema.assignee._links.allowedValues))
    const status = called('In progress', schema.status._embedded.allowedValues)
    const links = { assignee: to(called('Tom Sailor', assignees)), status: to(status) }
    const form = await builder.act(writing, 'update', { lockVersion, _links: links })
    writing = await builder.act(form, 'commit', form._embedded.payload)
    assert.deepEqual([writing._links.assignee.title, writing._links.status.title], ['Tom Sailor', 'In progress'])
  })

  await tell('Lena has looked before, so that her change conflicts; she looks again, and all is well', async () => {
    const old = called('Write', elements(await leader.follow(project, 'workPackages')))
    await builder.act(writing, 'updateImmediately', { lockVersion: writing.lockVersion, percentageDone: 50 })
    const refused = await leader.attempt(old, 'updateImmediately', { lockVersion: old.lockVersion, dueDate: NEXT_MON })
    assert.equal(refused.status, 409)
    const { lockVersion } = await again(old)
    writing = await leader.act(old, 'updateImmediately', { lockVersion, dueDate: NEXT_MON })
    assert.deepEqual([writing.percentageDone, writing.dueDate, writing.duration], [50, NEXT_MON, 'P6D'])
    testing = await again(testing)
    assert.deepEqual([testing.startDate, testing.dueDate], [NEXT_TUE, NEXT_WED])
  })

  await tell('They talk about it, and Tom attaches a drawing', async () => {
    const file = new FormData()
    file.append('metadata', JSON.stringify({ fileName: 'sail.txt', description: { raw: 'From above' } }))
    file.append('file', new Blob(['/\\']), 'sail.txt')
    const mine = await again(writing, builder)
    await builder.act(mine, 'addAttachment', file)
    const [drawing] = elements(await leader.follow(await again(writing), 'attachments'))
    assert.equal(await leader.follow(drawing, 'staticDownloadLocation'), '/\\')
    await builder.act(mine, 'addComment', { comment: { raw: 'See the drawing.' } })
    await leader.act(writing, 'addComment', { comment: { raw: 'Lovely.' } })
    const said = elements(await leader.follow(writing, 'activities')).filter((one) => one._type === 'Activity::Comment')
    assert.deepEqual(
      said.map((one) => one.comment.raw),
      ['See the drawing.', 'Lovely.'],
    )
    const { _links: watched } = await leader.act(testing, 'watch', testing._links.watch.payload)
    assert.equal(watched.self.title, 'Lena Sailor')
    assert.ok((await again(testing))._links.unwatch)
  })

  await tell('Tom books his time, and Lena sees the sum', async () => {
    const mine = await again(writing, builder)
    const book = (hours: string) => builder.act(mine, 'logTime', { hours, spentOn: MON, _links: { workPackage: to(mine) } })
    await book('PT5H30M')
    const entry = await book('PT2H')
    assert.equal(entry._links.user.title, 'Tom Sailor')
    const seen = await again(writing)
    assert.equal(seen.spentTime, 'PT7H30M')
    assert.equal((await leader.follow(seen, 'timeEntries')).total, 2)
  })

  await tell('The calendar says why nobody works on Saturdays', async () => {
    const days = elements(await builder.open('days'))
    const off = days.find((day) => !day.working)
    const weekday = await builder.follow(off, 'weekday')
    assert.deepEqual([weekday.working, off._links.nonWorkingReasons[0].href], [false, weekday._links.self.href])
  })

  await tell('Lena keeps the list of what is to be done, in groups and with sums', async () => {
    const start = await leader.open('query')
    const form = await leader.act(start, 'update', { name: 'To do', _links: { project: to(project) } })
    const { groupBy } = form._embedded.schema
    const links = { project: to(project), groupBy: to(called('Status', groupBy._embedded.allowedValues)) }
    const grouped = await leader.act(start, 'update', { name: 'To do', sums: true, showHierarchies: false, _links: links })
    const saved = await leader.act(grouped, 'commit', { name: 'To do', sums: true, showHierarchies: false, _links: links })
    const { groups, totalSums } = await leader.follow(await again(saved), 'results')
    assert.deepEqual(
      groups.map((one: any) => [one.value, one.count]),
      [
        ['New', 3],
        ['In progress', 1],
      ],
    )
    assert.equal(totalSums.estimatedTime, 'P2DT8H')
  })

  await tell('All is done, one after the other, and the release is out', async () => {
    for (const one of [writing, testing, release]) {
      const { lockVersion } = await again(one)
      const form = await leader.act(one, 'update', { lockVersion })
      const closed = to(called('Closed', form._embedded.schema.status._embedded.allowedValues))
      await leader.act(one, 'updateImmediately', { lockVersion, _links: { status: closed } })
    }
    const [mine] = elements(await builder.open('projects'))
    const open = elements(await builder.follow(mine, 'workPackages'))
    assert.deepEqual(
      open.map((one) => one.subject),
      ['Ship it'],
    )
  })

  await tell('Sam never learns of it', async () => {
    const [mine] = elements(await stranger.open('projects'))
    assert.equal(mine, undefined)
  })
})
