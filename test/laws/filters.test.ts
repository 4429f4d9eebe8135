/** Every filter of every list with each of its operators selects the same rows as an oracle in plain JavaScript. */

import assert from 'node:assert/strict'
import { after, before, describe, mock, test } from 'node:test'
import type { Queryable } from '#kernel/declaration.ts'
import { filtersOf, type Known } from '#kernel/read/judge.ts'
import { operatorNames, operatorsOf, takesValues } from '#kernel/read/operators.ts'
import { isAlwaysRequired } from '#kernel/resource.ts'
import { actionList } from '#modules/accounts/actions.ts'
import { capabilityList } from '#modules/accounts/capabilities.ts'
import { dayList } from '#modules/calendar/days.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import {
  casesOf,
  daysMeant,
  type Element,
  type Hint,
  holds,
  idIn,
  type Facts as Known_,
  tokens,
  wrongValues,
} from '#test/oracle.ts'
import { operations, resourcesWith } from '#test/registry.ts'
import { sampled, sampledOfEach } from '#test/sample.ts'
import { type Varied, vary } from '#test/varied.ts'

interface Facts extends Known_ {
  readonly world: Varied
  /** Ann's actions, with their projects. */
  readonly capable: readonly (readonly [action: string, project: string])[]
  /** The types of each project. */
  readonly types: ReadonlyMap<number, readonly string[]>
}

// Wednesday at noon: no test depends on a change of the day.
mock.timers.enable({ apis: ['Date'], now: Date.parse('2031-02-05T12:00:00Z') })

let halyard: Instance
let facts: Facts
before(async () => {
  halyard = await instance()
  facts = await gather(await vary(halyard))
})
after(() => halyard.close())

type Filters = Record<string, { operator: string; values: readonly unknown[] }>[]
const query = (filters: Filters, more: Record<string, string> = {}) =>
  new URLSearchParams({ filters: JSON.stringify(filters), pageSize: '-1', ...more })

async function listed(client: Client, path: string, filters: Filters): Promise<Element[]> {
  const reply = await client.get(`${path}${path.includes('?') ? '&' : '?'}${query(filters)}`)
  assert.equal(reply.status, 200, `${path} ${JSON.stringify(filters)} ${reply.text.slice(0, 300)}`)
  return reply.body._embedded.elements
}

async function gather(world: Varied): Promise<Facts> {
  const all: Record<string, Element[]> = {}
  for (const { name, path } of resourcesWith('index')) all[name] = await listed(halyard.admin, `/${path}`, [])
  const types = new Map<number, string[]>()
  for (const { id, active } of all.Project as Element[]) {
    // Archived projects are hidden; they were created with all types.
    const ofProject = active ? await listed(halyard.admin, `/projects/${id}/types`, []) : (all.Type ?? [])
    types.set(
      id,
      ofProject.map((one) => String(one.id)),
    )
  }
  const own = await listed(world.ann.client, '/capabilities', [{ principal: { operator: '=', values: ['me'] } }])
  const capable = own.map((one) => [idIn(one._links.action).join(), idIn(one._links.context).join()] as const)
  // An action's id has a slash in it.
  const actions = own.map((one) => one._links.action.href.replace('/api/v3/actions/', '') as string)
  return {
    today: '2031-02-05',
    viewer: world.viewer,
    all,
    world,
    types,
    capable: capable.map(([, at], i) => [actions[i] as string, at]),
  }
}

const byId = (facts: Facts, name: string, id: string | undefined): Element | undefined =>
  facts.all[name]?.find((one) => String(one.id) === id)
const to = (name: string) => (element: Element) => idIn(element._links[name])
/** All ancestors of an element. */
function above(facts: Facts, name: string, element: Element): string[] {
  const parent = byId(facts, name, to('parent')(element)[0])
  return parent ? [String(parent.id), ...above(facts, name, parent)] : []
}
const groupsOf = ({ all }: Facts, principal: string | undefined): string[] =>
  (all.Group ?? [])
    .filter((one) => one._links.members.some((link: any) => idIn(link)[0] === principal))
    .map((one) => String(one.id))
const membersOf = (facts: Facts, group: string | undefined): string[] =>
  (byId(facts, 'Group', group)?._links.members ?? []).flatMap(idIn)
const groups = ({ all }: Facts): number[] => (all.Group ?? []).map((one) => one.id)
/** The memberships of a principal, as pairs of project and roles. */
const memberships = ({ all }: Facts, principal: string | undefined) =>
  (all.Membership ?? [])
    .filter((one) => to('principal')(one)[0] === principal)
    .map((one) => ({ project: to('project')(one)[0], roles: one._links.roles.flatMap(idIn) as string[] }))
const names = (element: Element | undefined, ...keys: string[]) =>
  keys.map((key) => element?.[key]).filter((one) => typeof one === 'string')
const principalOf = (facts: Facts, membership: Element) => byId(facts, 'Principal', to('principal')(membership)[0])
const statusNumbers: Record<string, string> = { active: '1', registered: '2', locked: '3', invited: '4' }
/** All projects, including other kinds of workspace. */
const projectsOf = (facts: Facts, principal: string | undefined) =>
  memberships(facts, principal).flatMap((one) => one.project ?? [])

const builtin = ['Non member', 'Anonymous', 'Standard global role']
const unitOf = (role: string) => (/global|^Role |^Staff/.test(role) ? 'system' : 'project')

const everybodyHasOne = { '*': 'everything has one', '!*': 'everything has one' }

/** Work packages that are related to an element by a type of relation. */
const related = (type: string): Hint<Facts> => ({
  of: ({ id }, { all }) =>
    (all.Relation ?? []).flatMap((one) => {
      const [from, target] = [to('from')(one)[0], to('to')(one)[0]]
      return [
        ...(one.type === type && from === String(id) ? [target] : []),
        ...(one.reverseType === type && target === String(id) ? [from] : []),
      ]
    }),
})

/** The work packages of a project and of the selected subprojects. */
const below = (withItself: boolean): Hint<Facts> => {
  const itself = (element: Element, { world }: Facts) => withItself && to('project')(element)[0] === String(world.lab)
  const isBelow = (element: Element, facts: Facts) =>
    above(facts, 'Project', byId(facts, 'Project', to('project')(element)[0])).includes(String(facts.world.lab))
  return {
    path: ({ world }) => `/projects/${world.lab}/work_packages`,
    values: (facts) =>
      (facts.all.Project ?? [])
        .filter((one) => above(facts, 'Project', one).includes(String(facts.world.lab)))
        .map((one) => one.id),
    means: {
      '=': (one, values, facts) => itself(one, facts) || values.includes(to('project')(one)[0] ?? ''),
      '!': (one, values, facts) => itself(one, facts) || (isBelow(one, facts) && !values.includes(to('project')(one)[0] ?? '')),
      '*': (one, _, facts) => itself(one, facts) || isBelow(one, facts),
      '!*': (one, _, facts) => itself(one, facts),
    },
    alike: withItself ? { '*': 'that is the whole list' } : { '!*': 'nothing is both below and not' },
  }
}

/** Projects for the filters of users. */
const livingProjects = ({ all }: Facts) => (all.Project ?? []).filter((one) => one.active).map((one) => one.id)
/** Users who are notified of a work package: members of its project with certain roles and, possibly, users with a share. */
const mentionable = (role: RegExp, orShared: boolean): Hint<Facts> => ({
  of: ({ id, status }, facts) => {
    const roles = memberships(facts, String(id))
    const isMember = (one: Element) =>
      roles.some((at) => at.project === to('project')(one)[0] && at.roles.some((own) => role.test(byId(facts, 'Role', own).name)))
    const isShared = (one: Element) => facts.world.shares.some(([of, user]) => of === one.id && user === id)
    const told = (facts.all.WorkPackage ?? []).filter((one) => isMember(one) || (orShared && isShared(one)))
    return status === 'locked' ? [] : told.map((one) => one.id)
  },
  values: ({ all }) => (all.WorkPackage ?? []).map((one) => one.id),
  single: true,
})

/** The days of the active phases of a project, as pairs of the first and the last one. */
const daysOfPhases = ({ id }: Element, { all }: Facts): (readonly [string, string])[] =>
  (all.ProjectPhase ?? [])
    .filter((one) => one.active && one.startDate && to('project')(one)[0] === String(id))
    .map(({ startDate, finishDate }) => [startDate, finishDate ?? startDate] as const)

/** Whether a project has a phase on any of the days of an operator. */
const inPhase = (operator: string) => (one: Element, values: readonly string[], facts: Facts) => {
  const [from, until] = daysMeant(operator, values, facts.today) as [string, string]
  return daysOfPhases(one, facts).some(([first, last]) => last >= from && (until === '' || first <= until))
}

/** Inputs of the oracle, by resource and filter. */
const hints: Record<string, Hint<Facts>> = {
  'User.name': { of: (one) => names(one, 'name', 'email') },
  'User.anyNameAttribute': { of: (one) => names(one, 'name', 'email', 'login') },
  'User.group': { of: ({ id }, facts) => groupsOf(facts, String(id)) },
  'User.blocked': { of: ({ id }, { world }) => (world.blocked.includes(id) ? ['blocked'] : []), values: () => ['blocked'] },
  'Group.anyNameAttribute': { of: (one) => names(one, 'name') },
  'PlaceholderUser.anyNameAttribute': { of: (one) => names(one, 'name') },
  'PlaceholderUser.group': {
    of: () => [],
    values: groups,
    alike: {
      '=': 'only users are in groups',
      '!': 'only users are in groups',
      '*': 'only users are in groups',
      '!*': 'only users are in groups',
    },
  },
  'PlaceholderUser.status': { alike: { '=': 'they are all active', '!': 'they are all active' } },
  'Principal.anyNameAttribute': { of: (one) => names(one, 'name', 'email', 'login') },
  'Principal.typeahead': { of: (one) => names(one, 'name', 'email', 'login') },
  'Principal.id': { alike: everybodyHasOne },
  'Principal.type': { of: (one) => [one._type] },
  'Principal.status': { of: ({ status, _type }) => [statusNumbers[status] ?? (_type === 'Group' ? '1' : '')] },
  'Principal.member': { of: ({ id }, facts) => projectsOf(facts, String(id)), values: livingProjects },
  'Principal.mentionableOnWorkPackage': mentionable(/^(Member|Reader)$/, true),
  'Principal.internalMentionableOnWorkPackage': mentionable(/^Member$/, false),
  'Principal.accessToAnythingInProject': {
    of: ({ id }, facts) => [
      ...projectsOf(facts, String(id)),
      ...facts.world.shares
        .filter(([, user]) => user === id)
        .flatMap(([workPackage]) => to('project')(byId(facts, 'WorkPackage', String(workPackage)))),
    ],
    values: livingProjects,
  },
  'Role.grantable': { of: ({ name }) => [!builtin.includes(name)] },
  // An administrator may grant any role in any project.
  'Role.grantableIn': {
    of: ({ name }, facts) =>
      builtin.includes(name) || unitOf(name) === 'system' ? [] : (facts.all.Project ?? []).map((one) => String(one.id)),
  },
  'Role.unit': {
    of: ({ name }) => (builtin.includes(name) ? [] : [unitOf(name)]),
    values: () => ['project', 'system'],
    means: { '!': ({ name }, values) => !values.includes(unitOf(name)) },
  },
  'Membership.name': { of: (one, facts) => names(principalOf(facts, one), 'name') },
  'Membership.anyNameAttribute': { of: (one, facts) => names(principalOf(facts, one), 'name', 'email', 'login') },
  'Membership.group': { of: (one, facts) => groupsOf(facts, to('principal')(one)[0]) },
  'Membership.blocked': {
    of: (one, { world }) => (world.blocked.includes(Number(to('principal')(one)[0])) ? ['blocked'] : []),
    values: () => ['blocked'],
  },
  'Membership.status': { of: (one, facts) => [principalOf(facts, one)?.status ?? 'active'] },
  'Membership.principalType': { of: (one, facts) => [principalOf(facts, one)?._type] },
  'Membership.role': { of: (one) => one._links.roles.flatMap(idIn), alike: everybodyHasOne },
  'Membership.principal': { alike: everybodyHasOne },
  'Membership.alsoProjectMember': { of: () => [true], alike: { '=': 'shares are not listed', '!': 'shares are not listed' } },
  'Membership.onlyProjectMember': { of: () => [true], alike: { '=': 'shares are not listed', '!': 'shares are not listed' } },
  'Membership.entityType': {
    of: () => [],
    values: () => ['WorkPackage'],
    alike: { '=': 'shares are not listed', '!': 'shares are not listed' },
  },
  'Membership.entityId': {
    of: () => [],
    values: ({ all }) => [all.WorkPackage?.[0].id],
    alike: { '=': 'shares are not listed', '!': 'shares are not listed' },
  },
  'Project.ancestor': { of: (one, facts) => above(facts, 'Project', one) },
  'Project.principal': {
    of: ({ id }, { all }) =>
      (all.Membership ?? []).filter((one) => to('project')(one)[0] === String(id)).flatMap(to('principal')),
  },
  'Project.memberOf': { of: ({ id }, facts) => [projectsOf(facts, String(facts.viewer)).includes(String(id))] },
  'Project.templated': { of: ({ id }, { world }) => [world.templated.includes(id)] },
  'Project.projectStatusCode': { of: to('status') },
  'Project.typeId': { of: ({ id }, { types }) => types.get(id) ?? [] },
  'Project.workspaceType': { path: () => '/workspaces', of: ({ _type }) => [_type.toLowerCase()] },
  'Project.userAction': { of: ({ id }, { capable }) => capable.filter(([, at]) => at === String(id)).map(([action]) => action) },
  'Project.visible': {
    of: ({ id, active, public: isPublic }, facts) =>
      active
        ? [
            String(facts.viewer),
            ...(facts.all.User ?? [])
              .filter(({ status }) => status === 'active' || status === 'invited')
              .map((one) => String(one.id))
              .filter((user) => isPublic || projectsOf(facts, user).includes(String(id))),
          ]
        : [String(facts.viewer)],
  },
  'Project.nameAndIdentifier': { of: (one) => names(one, 'name', 'identifier') },
  'Project.typeahead': { of: (one) => names(one, 'name', 'identifier') },
  'Project.projectPhaseAny': {
    of: (one, facts) => daysOfPhases(one, facts).flat(),
    means: {
      ...Object.fromEntries(operatorsOf.date.map((operator) => [operator, inPhase(operator)])),
      // Nobody sees phases in archived projects.
      '!*': (one, _, facts) => one.active && daysOfPhases(one, facts).length === 0,
    },
  },
  'Project.latestActivityAt': {
    of: ({ id, updatedAt }, { all }) => {
      const inside = [...(all.WorkPackage ?? []), ...(all.TimeEntry ?? [])].filter((one) => to('project')(one)[0] === String(id))
      return [[updatedAt, ...inside.map((one) => one.updatedAt)].sort().at(-1)]
    },
  },
  ...Object.fromEntries(
    'relates follows precedes blocks blocked duplicates duplicated includes partof requires required'
      .split(' ')
      .map((type) => [`WorkPackage.${type}`, related(type)]),
  ),
  'Meeting.time': {
    of: ({ endTime }) => (endTime >= '2031-02-05T12:00:00' ? ['upcoming', 'future'] : ['past']),
  },
  'Meeting.datesInterval': {
    means: {
      '=d': ({ startTime, endTime }, [day]) => startTime.slice(0, 10) <= day! && day! <= endTime.slice(0, 10),
      '<>d': ({ startTime, endTime }, [from, to]) =>
        (from === '' || endTime.slice(0, 10) >= from!) && (to === '' || startTime.slice(0, 10) <= to!),
    },
    asked: {
      '=d': [['2031-02-04'], ['2031-02-12']],
      '<>d': [
        ['2031-02-04', '2031-02-06'],
        ['', '2031-02-05'],
        ['2031-02-05', ''],
      ],
    },
  },
  'Meeting.invitedUser': { of: (one) => one._links.invitedUsers.flatMap(idIn) },
  'Meeting.attendedUser': { of: (one) => one._links.attendedUsers.flatMap(idIn) },
  'WorkPackage.status': {
    means: {
      o: (one, _, facts) => !byId(facts, 'Status', to('status')(one)[0]).isClosed,
      c: (one, _, facts) => byId(facts, 'Status', to('status')(one)[0]).isClosed,
    },
    alike: { '*': 'every work package has one' },
  },
  'WorkPackage.version': {
    means: Object.fromEntries(
      Object.entries({ o: 'open', l: 'locked', c: 'closed' }).map(([operator, state]) => [
        operator,
        (one: Element, _: unknown, facts: Facts) => byId(facts, 'Version', to('version')(one)[0])?.status === state,
      ]),
    ),
  },
  'WorkPackage.project': {
    of: (one, facts) => [...to('project')(one), ...above(facts, 'Project', byId(facts, 'Project', to('project')(one)[0]))],
  },
  'WorkPackage.subprojectId': below(true),
  'WorkPackage.onlySubproject': below(false),
  'WorkPackage.category': { path: ({ world }) => `/projects/${world.lab}/work_packages` },
  'WorkPackage.assigneeOrGroup': {
    of: (one, facts) => {
      const [assignee] = to('assignee')(one)
      return assignee ? [assignee, ...groupsOf(facts, assignee), ...membersOf(facts, assignee)] : []
    },
  },
  'WorkPackage.memberOfGroup': { of: (one, facts) => groupsOf(facts, to('assignee')(one)[0]) },
  'WorkPackage.assignedToRole': {
    of: (one, facts) =>
      memberships(facts, to('assignee')(one)[0]).flatMap(({ project, roles }) =>
        project === to('project')(one)[0] ? roles : [],
      ),
  },
  'WorkPackage.watcher': { of: ({ id }, { world }) => world.watching.filter(([one]) => one === id).map(([, user]) => user) },
  'WorkPackage.ancestor': { of: (one, facts) => above(facts, 'WorkPackage', one) },
  'WorkPackage.typeahead': {
    of: (one) => [one.subject, one._links.project.title, one.id],
    means: {
      '**': (one, [text]) =>
        tokens(text).every(
          (token) =>
            holds([one.subject, one._links.project.title], token) ||
            (/^#?\d+$/.test(token) && holds([one.id], token.replace('#', ''))),
        ),
    },
  },
  'WorkPackage.search': {
    of: (one, facts) => searched(one, facts),
    means: { '**': (one, [text], facts) => searched(one, facts).some((found) => holds([found], text)) },
  },
  'WorkPackage.comment': { of: ({ id }, { world }) => world.comments.filter(([one]) => one === id).map(([, text]) => text) },
  'WorkPackage.attachmentFileName': {
    of: ({ id }, { world }) => world.files.filter(([one]) => one === id).map(([, name]) => name),
  },
  'WorkPackage.attachmentContent': {
    of: ({ id }, { world }) => world.contents.filter(([one]) => one === id).map(([, text]) => text),
  },
  'WorkPackage.manualSort': {
    path: ({ world }) => `/work_packages?queryId=${world.query}`,
    means: { ow: ({ id }, _, { world }) => world.ordered.includes(id) },
  },
  'WorkPackage.subjectOrId': {
    of: (one) => [one.subject, one.id],
    means: { '**': (one, [text = '']) => holds([one.subject], text) || text.trim().replace('#', '') === String(one.id) },
  },
  'WorkPackage.isMilestone': { of: (one, facts) => [byId(facts, 'Type', to('type')(one)[0]).isMilestone] },
  'WorkPackage.startDate': { of: ({ date, startDate }) => [date ?? startDate].filter(Boolean) },
  'WorkPackage.dueDate': { of: ({ date, dueDate }) => [date ?? dueDate].filter(Boolean) },
  'WorkPackage.duration': { of: ({ date, duration }) => (date ? [1] : duration ? [Number.parseInt(duration.slice(1), 10)] : []) },
  'WorkPackage.datesInterval': {
    of: ({ date, startDate, dueDate }) => [date ?? startDate, date ?? dueDate].filter(Boolean),
    means: {
      '<>d': ({ date, startDate = date, dueDate = date }, [from = '', until = '']) =>
        [startDate, dueDate].some((one) => one && one >= from && (until === '' || one <= until)) ||
        (from !== '' && startDate && dueDate && startDate < from && dueDate > from),
    },
  },
  'WorkPackage.sharedWithUser': { of: ({ id }, { world }) => world.shares.filter(([one]) => one === id).map(([, user]) => user) },
  'WorkPackage.sharedWithMe': {
    of: ({ id }, { world, viewer }) => [world.shares.some(([one, user]) => one === id && user === viewer)],
  },
  'Sprint.status': {
    of: ({ _links }) => [_links.status.href.split(':').at(-1)],
    values: () => ['in_planning', 'active', 'completed'],
  },
  'TimeEntry.entityType': { of: () => ['WorkPackage'], alike: { '=': 'there are no meetings', '!': 'there are no meetings' } },
  'TimeEntry.user': { alike: everybodyHasOne },
  'TimeEntry.project': { alike: everybodyHasOne },
  'TimeEntry.spentOn': { alike: { '!*': 'every entry is of a day' } },
  // There are no notifications of removed rows, or of other resources than work packages.
  'Notification.resourceId': { of: to('resource'), wrong: [[]] },
  'Notification.resourceType': {
    of: () => ['WorkPackage'],
    wrong: [[]],
    alike: { '=': 'people are told of nothing else', '!': 'people are told of nothing else' },
  },
  'View.project': { of: to('project') },
  'View.type': { of: ({ _type }) => [_type === 'Views::Gantt' ? 'gantt' : 'work_packages_table'] },
  'Relation.involved': { of: (one) => [...to('from')(one), ...to('to')(one)] },
  'ProjectStorage.storageUrl': {
    of: (one, facts) => [byId(facts, 'Storage', to('storage')(one)[0])?._links.origin.href],
    // An address of no storage picks nothing.
    wrong: [[]],
  },
  'FileLink.storage': { path: ({ world }) => `/work_packages/${world.ordered[1]}/file_links`, alike: everybodyHasOne },
  'Capability.id': { of: ({ id }) => [id] },
  'Capability.action': { of: ({ id }) => [id.split('/').slice(0, 2).join('/')] },
  'Capability.context': { of: ({ id }) => [id.split('/')[2].split('-')[0]], wrong: [['no such thing'], []] },
  'Capability.principal': { of: ({ id }) => [id.split('-').at(-1)], wrong: [['no such thing'], []] },
  'Action.id': { of: ({ id }) => [id] },
  // Without this filter the list has only two months; with it an open end is limited to a year.
  'Day.date': { of: ({ date }) => [date], asked: { '<>d': [['2031-02-03', '2031-02-09']] } },
  'Day.working': { of: ({ working }) => [working] },
}

/** The texts of a work package that a search covers. */
const searched = ({ id, subject, description }: Element, { world }: Facts): string[] => [
  subject,
  description.raw ?? '',
  ...[...world.comments, ...world.files, ...world.contents].filter(([one]) => one === id).map(([, text]) => text),
]

/** Filters whose values are not in responses, with the tests that cover them. */
const elsewhere: Record<string, string> = {
  'WorkPackage.relatable': 'by the last test here',
}

interface List {
  readonly name: string
  readonly path: string
  readonly queryable: Queryable
  /** Further parameters besides the filter. */
  readonly beside?: (filter: string) => Filters
}

const lists: readonly List[] = [
  ...resourcesWith('index')
    .map((resource) => ({ name: resource.name, path: `/${resource.path}`, queryable: resource }))
    .filter(({ queryable }) => filtersOf(queryable).size > 0),
  {
    name: 'Capability',
    path: '/capabilities',
    queryable: capabilityList,
    beside: (filter) =>
      filter === 'principal'
        ? [{ context: { operator: '=', values: [`w${facts.world.lab}`] } }]
        : [{ principal: { operator: '=', values: [facts.world.ann.id] } }],
  },
  { name: 'FileLink', path: '/file_links', queryable: product.of('FileLink') },
  { name: 'Action', path: '/actions', queryable: actionList },
  { name: 'Day', path: '/days', queryable: dayList },
]

const filtersIn = ({ queryable }: List): Known[] => [...new Set(filtersOf(queryable).values())]
const operatorsIn = (filter: Known) => filter.operators ?? operatorsOf[filter.strategy]

test('every filterable list is covered', () => {
  const computed = ['/capabilities', '/actions', '/days']
  const missing = operations()
    .filter(({ method, answers, query = [] }) => method === 'GET' && answers.as === 'collection' && query.includes('filters'))
    .filter(({ path, answers: { of } }) => {
      const listed = product.resources.find(({ name }) => name === of)
      const isFiltered = !listed || filtersOf(listed).size > 0
      return isFiltered && !computed.includes(path) && !lists.some(({ name }) => name === of)
    })
    .map(({ path }) => path)
  assert.deepEqual(missing, [])
})

test('the oracle has no inputs for unknown filters', () => {
  const known = new Set(lists.flatMap((list) => filtersIn(list).map(({ key }) => `${list.name}.${key}`)))
  assert.deepEqual(
    [...Object.keys(hints), ...Object.keys(elsewhere)].filter((one) => !known.has(one)),
    [],
  )
})

/** Two days in several notations, the API's own first. */
const spellings: readonly (readonly [from: string, to: string])[] = [
  ['2031-02-03', '2031-02-09'],
  ['2031-2-3', '2031-2-9'],
  ['2031/02/03', '2031/2/9'],
  ['3.2.2031', '09. 02. 2031'],
  ['February 3, 2031', 'Feb 9th 2031'],
  ['3 Feb 2031', '9. February 2031'],
  ['20310203', '2031-Feb-09'],
  ['2031-02-03T00:00:00Z', '2031-02-09T01:00:00+01:00'],
  ['3.2.2031 00:00', 'Sun, 09 Feb 2031 00:00:00 GMT'],
]

/** Ambiguous and invalid dates. */
const unreadableDates = ['3/4/2031', '31.2.2031', '1.2.31', 'soon', '2031-02-03T25:00:00Z', '٣.٢.٢٠٣١']

for (const list of lists) {
  describe(list.name, () => {
    for (const filter of filtersIn(list)) {
      const key = `${list.name}.${filter.key}`
      // A required link is present in every row.
      const link = list.queryable.property.get(filter.key)
      const isRequired = link?.to !== undefined && !link.many && isAlwaysRequired(link.options)
      const hint: Hint<Facts> | undefined = hints[key] ?? (isRequired ? { alike: everybodyHasOne } : undefined)
      const at = () => hint?.path?.(facts) ?? list.path
      // Global capabilities do not distinguish projects.
      const client = () => (key === 'Project.userAction' ? facts.world.ann.client : halyard.admin)

      if (!elsewhere[key]) {
        test(`${filter.key} selects the rows that satisfy its operators`, async () => {
          const beside = list.beside?.(filter.key) ?? []
          const elements = await listed(client(), at(), beside)
          const { cases, uncovered } = casesOf(filter, operatorsIn(filter), { queryable: list.queryable, elements, facts, hint })
          const wrong: string[] = []
          for (const { operator, values, picked } of sampledOfEach(cases, (one) => one.operator, 2, `filters ${key}`)) {
            const found = await listed(client(), at(), [...beside, { [filter.key]: { operator, values } }])
            const told = (some: readonly Element[]) =>
              some
                .map((one) => String(one.id ?? one.date))
                .sort()
                .join(' ')
            if (told(found) !== told(picked))
              wrong.push(`${operator} ${JSON.stringify(values)}: ${told(found)}; meant: ${told(picked)}`)
          }
          assert.deepEqual({ wrong, uncovered }, { wrong: [], uncovered: [] })
        })
      }

      const ofDates = operatorsIn(filter).filter((operator) => operator === '=d' || operator === '<>d')
      if (ofDates.length > 0) {
        test(`${filter.key} accepts a date in any notation, and rejects ambiguous and invalid ones`, async () => {
          const beside = list.beside?.(filter.key) ?? []
          const [iso, ...others] = spellings
          const asked = (spelling: (typeof spellings)[number], operator: string) =>
            operator === '=d' ? [[spelling[1]]] : [[...spelling], [spelling[0], ''], ['', spelling[1]]]
          for (const operator of ofDates) {
            const found = (values: string[]) => listed(client(), at(), [...beside, { [filter.key]: { operator, values } }])
            const meant = await Promise.all(asked(iso as never, operator).map(found))
            for (const spelling of sampled(others, 2, `spellings ${key} ${operator}`))
              for (const [i, values] of asked(spelling, operator).entries())
                assert.deepEqual(await found(values), meant[i], `${operator} ${values}`)
            for (const garbage of sampled(unreadableDates, 2, `garbage ${key} ${operator}`)) {
              const values = operator === '=d' ? [garbage] : ['2031-02-03', garbage]
              const reply = await client().get(
                `${at()}${at().includes('?') ? '&' : '?'}${query([...beside, { [filter.key]: { operator, values } }])}`,
              )
              assert.equal(reply.status, 400, garbage)
              assert.equal(reply.body.errorIdentifier, 'urn:openproject-org:api:v3:errors:InvalidQuery')
            }
          }
        })
      }

      test(`${filter.key} rejects foreign operators and invalid values`, async () => {
        const beside = list.beside?.(filter.key) ?? []
        const foreign = Object.keys({ ...operatorNames, '??': '' }).filter((one) => !operatorsIn(filter).includes(one))
        const uses = [
          ...foreign.map((operator) => ({ operator, values: ['1'] })),
          ...operatorsIn(filter).flatMap((operator) =>
            (takesValues(operator) ? (hint?.wrong ?? wrongValues(filter.strategy, operator)) : []).map((values) => ({
              operator,
              values,
            })),
          ),
        ]
        const wrong: string[] = []
        for (const use of sampled(uses, 6, `wrong uses ${key}`)) {
          const reply = await client().get(`${at()}${at().includes('?') ? '&' : '?'}${query([...beside, { [filter.key]: use }])}`)
          const isRefused =
            reply.status === 400 && reply.body.errorIdentifier === 'urn:openproject-org:api:v3:errors:InvalidQuery'
          if (!isRefused) wrong.push(`${JSON.stringify(use)} is answered with ${reply.status}`)
        }
        assert.deepEqual(wrong, [])
      })
    }
  })
}

test('relatable selects exactly the work packages that can be related', async () => {
  const { admin } = halyard
  const all = facts.all.WorkPackage as Element[]
  const link = (id: number) => ({ href: `/api/v3/work_packages/${id}` })
  const canHaveParent = async (one: number, parent: number) => {
    const { lockVersion } = (await admin.get(`/work_packages/${one}`)).body
    const form = await admin.post(`/work_packages/${one}/form`, { lockVersion, _links: { parent: link(parent) } })
    return form.body._embedded.validationErrors.parent === undefined
  }
  const canBe = async (one: number, type: string, other: number): Promise<boolean> => {
    if (type === 'parent') return canHaveParent(one, other)
    if (type === 'child' || type === 'children') return canHaveParent(other, one)
    const reply = await admin.post(`/work_packages/${one}/relations`, { type, _links: { to: link(other) } })
    if (reply.status === 201) await admin.delete(`/relations/${reply.body.id}`)
    return reply.status === 201
  }
  const filter = filtersIn(lists.find(({ name }) => name === 'WorkPackage') as List).find(
    ({ key }) => key === 'relatable',
  ) as Known
  const wrong: string[] = []
  for (const type of operatorsIn(filter)) {
    for (const one of [all[2], all[5]]) {
      const picked = await listed(admin, '/work_packages', [{ relatable: { operator: type, values: [one.id] } }])
      for (const other of all) {
        // The current parent may remain, but is not a candidate.
        const isAlready =
          /parent|child/.test(type) &&
          [to('parent')(one)[0], to('parent')(other)[0]].some((id) => id === String(one.id) || id === String(other.id))
        const isPicked = picked.some(({ id }) => id === other.id)
        if (!isAlready && isPicked !== (await canBe(one.id, type, other.id)))
          wrong.push(`${one.id} ${type} ${other.id}: ${isPicked}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})
