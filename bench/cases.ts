/** The benchmark cases: their requests, and the minimum reads and writes for a response. */
import type { Dataset, Person } from './dataset.ts'
import type { Search } from './found.ts'
import { AWAY, HOME } from './net.ts'
import { pick, randomFrom, sample } from './random.ts'
import type { ShapeName } from './shapes.ts'

/** A condition on work packages. */
export type Condition =
  | { on: 'open' }
  | { on: 'type'; ids: readonly number[] }
  | { on: 'assignee'; ids: readonly number[] }
  | { on: 'subject'; words: readonly string[] }
  | { on: 'found'; search: Search }

/** The minimum work of any server for a request. */
export type Work =
  | { kind: 'single'; id: number }
  | ({ kind: 'list' } & Listing)
  /** A list whose rows are grouped by their assignees, with sums for each group and for all. */
  | ({ kind: 'grouped' } & Listing)
  /** A saved query, and the list that it finds. */
  | ({ kind: 'query'; id: number } & Listing)
  | { kind: 'projects'; ids: readonly number[]; size: number }
  | { kind: 'create' }
  | { kind: 'update'; id: number }
  /** The dates of a work package, and of the `rows - 1` that move along with it. */
  | { kind: 'cascade'; id: number; rows: number }

/** Rows of a list. */
export interface Listing {
  /** The projects whose work packages the viewer sees; undefined: all. */
  projects: readonly number[] | undefined
  where: readonly Condition[]
  order: 'updated_at' | 'id'
  size: number
  offset: number
  /** Days before now of the compared state, if there is a comparison. */
  since?: number
}

/** A request that is repeated unchanged. */
export interface Reading {
  readonly method: 'GET'
  readonly path: string
  readonly token: string
  readonly work: Work
}

/** A request whose body changes each time. Requests that cascade from one row are sent sequentially. */
export interface Writing {
  readonly method: 'POST' | 'PATCH'
  readonly path: string
  readonly token: string
  readonly work: Work
  /** The body of the `n`th request, given how often this row has been written. */
  body(n: number, lockVersion: number): string
}

export type Request = Reading | Writing

export interface Case {
  readonly name: string
  readonly meaning: string
  /** The shapes in which it is measured, and for each engine the target for the share of the second floor's requests per second. */
  readonly aims: Partial<Record<ShapeName, Partial<Record<Engine, number>>>>
  /** The case of which this one is a variation, and the least share of its requests per second. */
  readonly against?: { readonly case: string; readonly atLeast: number }
  /** Whether work packages are created at the same time. */
  readonly whileCreating?: true
  /** The target for the number of statements. */
  readonly statements?: number
  /** Measured after all others and on one connection: several connections would only wait for each other's locks. */
  readonly apart?: true
  readonly requests: (dataset: Dataset) => Request[]
}

export type Engine = 'sqlite' | 'postgres'

const PATH = '/api/v3/work_packages'
const SINGLES = 1000
/** More than the number of connections: each connection updates work packages of its own. */
const UPDATED = 64

type Asked = Pick<Listing, 'where'> & Partial<Listing>

/** The parameters of a list, with defaults. */
function listing({ projects }: Person, everything: boolean, asked: Asked): Listing {
  return { projects: everything ? undefined : projects, order: 'id', size: 20, offset: 1, ...asked }
}

/** The API request for a list. */
function listed(person: Person, everything: boolean, asked: Asked): Reading {
  const work = listing(person, everything, asked)
  const { where, order, size, offset, since } = work
  const params = new URLSearchParams({ filters: JSON.stringify(where.map(asFilter)) })
  if (order !== 'id') params.set('sortBy', '[["updatedAt","desc"]]')
  if (size !== 20) params.set('pageSize', String(size))
  if (offset !== 1) params.set('offset', String(offset))
  if (since) params.set('timestamps', `P${since}D,PT0S`)
  const [project] = asked.projects ?? []
  const path = project === undefined ? PATH : `/api/v3/projects/${project}/work_packages`
  return { method: 'GET', path: `${path}?${params}`, token: person.token, work: { kind: 'list', ...work } }
}

function asFilter(condition: Condition): object {
  switch (condition.on) {
    case 'open':
      return { status: { operator: 'o', values: [] } }
    case 'subject':
      return { subject: { operator: '~', values: [condition.words.join(' ')] } }
    case 'found':
      return { search: { operator: '**', values: [condition.search.words.join(' ')] } }
    default:
      return { [condition.on]: { operator: '=', values: condition.ids.map(String) } }
  }
}

/** Further conditions for lists of open work packages. */
export function choices({ viewer, everywhere, types: { task, feature, bug } }: Pick<Dataset, 'viewer' | 'everywhere' | 'types'>) {
  return [
    { on: 'type', ids: [task] },
    { on: 'type', ids: [task, bug] },
    { on: 'type', ids: [task, feature, bug] },
    { on: 'assignee', ids: [viewer.id] },
    { on: 'assignee', ids: [viewer.id, everywhere.id] },
  ] as const satisfies Condition[]
}

const PAGES = [1, 2, 3]

/** Open work packages by type or assignee, latest change first, on several pages. */
function filtered(dataset: Dataset, asked: Partial<Listing>, pages: readonly number[] = PAGES): Reading[] {
  return choices(dataset).flatMap((choice) =>
    pages.map((offset) =>
      listed(dataset.viewer, false, { where: [{ on: 'open' }, choice], order: 'updated_at', offset, ...asked }),
    ),
  )
}

/** The same lists by way of saved queries. */
function queried(dataset: Dataset): Reading[] {
  const { viewer, queries } = dataset
  return choices(dataset).flatMap((choice, i) =>
    PAGES.map((offset) => {
      const id = queries[i] as number
      const work = listing(viewer, false, { where: [{ on: 'open' }, choice], order: 'updated_at', offset })
      return {
        method: 'GET',
        path: `/api/v3/queries/${id}${offset > 1 ? `?offset=${offset}` : ''}`,
        token: viewer.token,
        work: { kind: 'query', id, ...work },
      }
    }),
  )
}

/** The results of several searches. */
const searched = (person: Person, everything: boolean, searches: readonly Search[]): Reading[] =>
  searches.map((search) => listed(person, everything, { where: [{ on: 'found', search }] }))

const newest = { where: [] }

/** Open work packages, latest change first. */
const open = { where: [{ on: 'open' }], order: 'updated_at' } as const

/** Those of each of a person's projects without subprojects, by turns. */
const projectLists = ({ parents }: Dataset, person: Person, size: number): Reading[] =>
  person.projects
    .filter((project) => !parents.includes(project))
    .map((project) => listed(person, false, { ...open, projects: [project], size }))

/** One list of everything for each of the viewers. */
const everythingByTurns = ({ viewers }: Dataset): Reading[] => viewers.map((person) => listed(person, false, open))

/** One list of a project for each of the viewers. */
const projectListsByTurns = (dataset: Dataset): Reading[] =>
  dataset.viewers.map((person, i) => {
    const lists = projectLists(dataset, person, 20)
    return lists[i % lists.length] as Reading
  })

/** New work packages in the viewer's projects. */
function creates(dataset: Dataset): Writing[] {
  const random = randomFrom(2)
  return dataset.viewer.projects.map((project) => ({
    method: 'POST',
    path: PATH,
    token: dataset.viewer.token,
    work: { kind: 'create' },
    body: (n) => JSON.stringify(newWorkPackage(dataset, project, pick(random, dataset.priorities), n)),
  }))
}

/** New subjects for some of the viewer's work packages. */
const updates = ({ unfound, viewer }: Dataset): Writing[] =>
  unfound.slice(0, UPDATED).map((id) => ({
    method: 'PATCH',
    path: `${PATH}/${id}`,
    token: viewer.token,
    work: { kind: 'update', id },
    body: (n, lockVersion) => JSON.stringify({ subject: `Check the monthly report, take ${n}`, lockVersion }),
  }))

/** Requests that are sent at a fixed rate while something else is measured. */
export const streams = {
  creates,
  updates,
  projects: ({ viewer }) =>
    viewer.projects.map((id) => ({
      method: 'GET',
      path: `/api/v3/projects/${id}`,
      token: viewer.token,
      work: { kind: 'projects', ids: [id], size: 1 },
    })),
} as const satisfies Record<string, (dataset: Dataset) => Request[]>

export type StreamName = keyof typeof streams

/** Reads that have to be nearly as fast while this many work packages a second are created. */
export const CREATES_PER_SECOND = 20

export const cases: readonly Case[] = [
  {
    name: 'single',
    meaning: 'one work package, as the viewer',
    aims: { few: { sqlite: 0.35, postgres: 0.25 }, many: { sqlite: 0.4, postgres: 0.5 } },
    statements: 5,
    requests: (dataset) =>
      sample(randomFrom(1), dataset.seen, SINGLES).map((id) => ({
        method: 'GET',
        path: `${PATH}/${id}`,
        token: dataset.viewer.token,
        work: { kind: 'single', id },
      })),
  },
  {
    name: 'list20',
    meaning: '20 open ones of one project, by last change',
    aims: { few: { sqlite: 0.8, postgres: 0.6 } },
    statements: 8,
    requests: (dataset) => projectLists(dataset, dataset.viewer, 20),
  },
  {
    name: 'list100',
    meaning: 'the same with 100 on a page',
    aims: { few: { sqlite: 1, postgres: 0.6 } },
    statements: 8,
    requests: (dataset) => projectLists(dataset, dataset.viewer, 100),
  },
  {
    name: 'everything20',
    meaning: '20 open ones of all projects of the viewer, by last change',
    aims: { few: { sqlite: 1.2, postgres: 0.6 } },
    statements: 8,
    requests: ({ viewer }) => [listed(viewer, false, open)],
  },
  {
    name: 'deep20',
    meaning: 'the 100th page of everything20',
    aims: { few: {} },
    statements: 8,
    requests: ({ viewer }) => [listed(viewer, false, { ...open, offset: 100 })],
  },
  {
    name: 'dormant20',
    meaning: '20 open ones of everything that somebody sees whose projects have been dormant for two years',
    aims: { few: {} },
    statements: 8,
    requests: ({ dormant }) => [listed(dormant, false, open)],
  },
  {
    name: 'list20-viewers',
    meaning: 'list20 of a hundred viewers by turns',
    aims: { few: {} },
    against: { case: 'list20', atLeast: 0.67 },
    statements: 8,
    requests: projectListsByTurns,
  },
  {
    name: 'everything20-viewers',
    meaning: 'everything20 of a hundred viewers by turns',
    aims: { few: {} },
    against: { case: 'everything20', atLeast: 0.67 },
    statements: 8,
    requests: everythingByTurns,
  },
  {
    name: 'search-all',
    meaning: '20 with a word that every text has, as the viewer',
    aims: { few: { sqlite: 0.7, postgres: 0.6 } },
    statements: 8,
    requests: ({ viewer, searches }) => searched(viewer, false, searches.planted.all),
  },
  {
    name: 'search-common',
    meaning: '20 with a word that 9 % of the texts have, as the viewer',
    aims: { few: { sqlite: 0.7, postgres: 0.6 } },
    statements: 8,
    requests: ({ viewer, searches }) => searched(viewer, false, searches.planted.eleventh),
  },
  {
    name: 'search-rare',
    meaning: '20 with a word that 0.1 % of the texts have, as the viewer',
    aims: { few: { sqlite: 0.6, postgres: 0.6 } },
    statements: 8,
    requests: ({ viewer, searches }) => searched(viewer, false, searches.planted.thousandth),
  },
  {
    name: 'filtered20',
    meaning: '20 open ones of a type or assignee, by last change',
    aims: { many: { sqlite: 0.5, postgres: 0.5 } },
    statements: 8,
    requests: (dataset) => filtered(dataset, {}),
  },
  {
    name: 'filtered100',
    meaning: 'the same with 100 on a page',
    aims: { many: { sqlite: 0.5, postgres: 0.5 } },
    statements: 8,
    requests: (dataset) => filtered(dataset, { size: 100 }, [1]),
  },
  {
    name: 'baseline20',
    meaning: '20 of filtered20, compared with what they were a month ago',
    aims: { few: { sqlite: 0.2, postgres: 0.2 }, many: { sqlite: 0.2, postgres: 0.2 } },
    statements: 12,
    requests: (dataset) => filtered(dataset, { since: 30 }),
  },
  {
    name: 'newest20-admin',
    meaning: 'the 20 newest of all there are',
    aims: { many: { sqlite: 0.6, postgres: 0.5 } },
    statements: 8,
    requests: ({ admin }) => [listed(admin, true, newest)],
  },
  {
    name: 'newest20-member',
    meaning: 'the 20 newest, as a member of three quarters of the projects',
    aims: { many: { sqlite: 0.6, postgres: 0.5 } },
    statements: 8,
    requests: ({ everywhere }) => [listed(everywhere, false, newest)],
  },
  {
    name: 'search',
    meaning: '20 with two words in their subject, as that member',
    aims: { many: { sqlite: 0.5, postgres: 0.5 } },
    statements: 8,
    requests: ({ everywhere, wordPairs }) =>
      wordPairs.map((words) => listed(everywhere, false, { where: [{ on: 'subject', words }] })),
  },
  {
    name: 'text-search',
    meaning: '20 with two words in one of their texts, as that member',
    aims: { many: { sqlite: 0.3, postgres: 0.3 } },
    statements: 8,
    requests: ({ everywhere, searches }) => searched(everywhere, false, searches.pairs),
  },
  {
    name: 'text-search-admin',
    meaning: 'the same of all there are',
    aims: { many: { sqlite: 0.3, postgres: 0.3 } },
    statements: 8,
    requests: ({ admin, searches }) => searched(admin, true, searches.pairs),
  },
  {
    name: 'text-search-rare',
    meaning: 'those few with a rare word and another one, as that member',
    aims: { many: { sqlite: 0.3, postgres: 0.3 } },
    statements: 8,
    requests: ({ everywhere, searches }) => searched(everywhere, false, searches.rare),
  },
  {
    name: 'text-search-common',
    meaning: '20 with a word that every third text has, as the viewer',
    aims: { many: { sqlite: 0.3, postgres: 0.3 } },
    statements: 8,
    requests: ({ viewer, searches }) => searched(viewer, false, searches.common),
  },
  {
    name: 'grouped-sums',
    meaning: '20 open ones grouped by assignee with all sums, as a member of three quarters of the projects',
    aims: { few: { sqlite: 0.3, postgres: 0.3 }, many: { sqlite: 0.3, postgres: 0.3 } },
    statements: 10,
    requests: ({ everywhere }) => {
      const { path, work, ...request } = listed(everywhere, false, { where: [{ on: 'open' }] })
      return [{ ...request, path: `${path}&groupBy=assignee&showSums=true`, work: { ...(work as Listing), kind: 'grouped' } }]
    },
  },
  {
    name: 'query-results',
    meaning: 'a public query with what it finds: the pages of filtered20',
    aims: { many: { sqlite: 0.4, postgres: 0.4 } },
    statements: 12,
    requests: queried,
  },
  {
    name: 'projects',
    meaning: '20 projects, as the viewer',
    aims: { few: { sqlite: 0.5, postgres: 0.5 }, many: { sqlite: 0.5, postgres: 0.5 } },
    statements: 8,
    requests: ({ viewer }) => [
      {
        method: 'GET',
        path: '/api/v3/projects?pageSize=20',
        token: viewer.token,
        work: { kind: 'projects', ids: viewer.projects, size: 20 },
      },
    ],
  },
  {
    name: 'list20-writes',
    meaning: 'list20 while 20 work packages a second are created',
    aims: { few: {} },
    against: { case: 'list20', atLeast: 0.8 },
    whileCreating: true,
    requests: (dataset) => projectLists(dataset, dataset.viewer, 20),
  },
  {
    name: 'everything20-writes',
    meaning: 'everything20 while 20 work packages a second are created',
    aims: { few: {} },
    against: { case: 'everything20', atLeast: 0.8 },
    whileCreating: true,
    requests: ({ viewer }) => [listed(viewer, false, open)],
  },
  {
    name: 'create',
    meaning: 'a new work package with a description and four links',
    aims: { few: { sqlite: 0.6, postgres: 0.4 }, many: { sqlite: 0.5, postgres: 0.5 } },
    requests: creates,
  },
  {
    name: 'update',
    meaning: 'another subject for a work package',
    aims: { few: { sqlite: 0.5, postgres: 0.5 }, many: { sqlite: 0.5, postgres: 0.5 } },
    requests: updates,
  },
  {
    name: 'cascade',
    meaning: 'the dates of a work package that 10,000 follow, a week later and back, by two people in turn',
    aims: { few: { sqlite: 0.4, postgres: 0.4 }, many: { sqlite: 0.4, postgres: 0.4 } },
    statements: 40,
    apart: true,
    requests: ({ admin, planner, nets }) =>
      [admin, planner].flatMap(({ token }) =>
        nets.map(({ root: id, rows }) => ({
          method: 'PATCH',
          // Thousands of notifications would take minutes, during later measurements.
          path: `${PATH}/${id}?notify=false`,
          token,
          work: { kind: 'cascade', id, rows },
          body: (_, lockVersion) => JSON.stringify({ ...(lockVersion % 2 === 0 ? AWAY : HOME), lockVersion }),
        })),
      ),
  },
]

function newWorkPackage({ types, viewer }: Dataset, project: number, priority: number, n: number): object {
  return {
    subject: `Prepare the weekly report for shipment ${n}`,
    description: {
      raw: `The report of shipment ${n} has **three parts**, see [the handbook](https://example.net/handbook):

- what was ordered and what was delivered
- what came back, and why
- what is still to be paid

Whoever writes it asks the warehouse first, and then the office. It goes out on Friday morning, in print and by mail.`,
    },
    _links: {
      project: { href: `/api/v3/projects/${project}` },
      type: { href: `/api/v3/types/${types.task}` },
      priority: { href: `/api/v3/priorities/${priority}` },
      assignee: { href: `/api/v3/users/${viewer.id}` },
    },
  }
}
