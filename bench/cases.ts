/** What is measured: the requests of each case, and what a server must read or write at least to answer them. */
import type { Dataset, Person } from './data.ts'
import { pick, randomFrom, sample } from './random.ts'

/** A condition on work packages. */
export type Condition =
  | { on: 'open' }
  | { on: 'type'; ids: readonly number[] }
  | { on: 'assignee'; ids: readonly number[] }
  | { on: 'subject'; words: readonly string[] }

/** What answering a request takes, whoever answers it. */
export type Work =
  | { kind: 'single'; id: number }
  | {
      kind: 'list'
      /** The projects whose work packages are seen; undefined: all. */
      projects: readonly number[] | undefined
      where: readonly Condition[]
      order: 'updated_at' | 'id'
      size: number
      offset: number
      /** Days ago, where rows are compared with what they were. */
      since?: number
    }
  | { kind: 'projects'; ids: readonly number[]; size: number }
  | { kind: 'create' }
  | { kind: 'update'; id: number }

/** A request to be repeated as it is. */
export interface Reading {
  readonly method: 'GET'
  readonly path: string
  readonly token: string
  readonly work: Work
}

/** A request whose body changes each time. */
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
  /** The share of the second floor's requests per second that is aimed at, by engine. */
  readonly aim: { readonly sqlite: number; readonly postgres: number }
  /** The most statements that are aimed at. */
  readonly statements?: number
  readonly requests: (dataset: Dataset) => Request[]
}

const PATH = '/api/v3/work_packages'
const SINGLES = 1000
/** More than there are connections: each connection updates work packages of its own. */
const UPDATED = 64

interface Listing {
  where: readonly Condition[]
  order?: 'updated_at' | 'id'
  size?: number
  offset?: number
  since?: number
}

/** A list as the API is asked for it. */
function listed({ token, projects }: Person, everything: boolean, listing: Listing): Reading {
  const { where, order = 'id', size = 20, offset = 1, since } = listing
  const params = new URLSearchParams({ filters: JSON.stringify(where.map(asFilter)) })
  if (order !== 'id') params.set('sortBy', '[["updatedAt","desc"]]')
  if (size !== 20) params.set('pageSize', String(size))
  if (offset !== 1) params.set('offset', String(offset))
  if (since) params.set('timestamps', `P${since}D,PT0S`)
  return {
    method: 'GET',
    path: `${PATH}?${params}`,
    token,
    work: { kind: 'list', projects: everything ? undefined : projects, where, order, size, offset, ...(since && { since }) },
  }
}

function asFilter(condition: Condition): object {
  switch (condition.on) {
    case 'open':
      return { status: { operator: 'o', values: [] } }
    case 'subject':
      return { subject: { operator: '~', values: [condition.words.join(' ')] } }
    default:
      return { [condition.on]: { operator: '=', values: condition.ids.map(String) } }
  }
}

/** Open ones by type or assignee, latest change first, on several pages. */
function filtered({ viewer, everywhere, types }: Dataset, size: number, pages: number, since = 0): Reading[] {
  const { task, feature, bug } = types
  const choices: Condition[] = [
    { on: 'type', ids: [task] },
    { on: 'type', ids: [task, bug] },
    { on: 'type', ids: [task, feature, bug] },
    { on: 'assignee', ids: [viewer.id] },
    { on: 'assignee', ids: [viewer.id, everywhere.id] },
  ]
  return choices.flatMap((choice) =>
    Array.from({ length: pages }, (_, page) =>
      listed(viewer, false, { where: [{ on: 'open' }, choice], order: 'updated_at', size, offset: page + 1, since }),
    ),
  )
}

const newest = { where: [] }

export const cases: readonly Case[] = [
  {
    name: 'single',
    meaning: 'one work package, as a member of 40 projects',
    aim: { sqlite: 0.4, postgres: 0.5 },
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
    meaning: '20 open ones of a type or assignee, by last change',
    aim: { sqlite: 0.5, postgres: 0.5 },
    statements: 8,
    requests: (dataset) => filtered(dataset, 20, 3),
  },
  {
    name: 'list100',
    meaning: 'the same with 100 on a page',
    aim: { sqlite: 0.5, postgres: 0.5 },
    statements: 8,
    requests: (dataset) => filtered(dataset, 100, 1),
  },
  {
    name: 'baseline20',
    meaning: '20 of list20, compared with what they were a month ago',
    aim: { sqlite: 0.2, postgres: 0.2 },
    statements: 12,
    requests: (dataset) => filtered(dataset, 20, 3, 30),
  },
  {
    name: 'newest20-admin',
    meaning: 'the 20 newest of all there are',
    aim: { sqlite: 0.6, postgres: 0.5 },
    statements: 8,
    requests: ({ admin }) => [listed(admin, true, newest)],
  },
  {
    name: 'newest20-member',
    meaning: 'the 20 newest, as a member of three quarters of the projects',
    aim: { sqlite: 0.6, postgres: 0.5 },
    statements: 8,
    requests: ({ everywhere }) => [listed(everywhere, false, newest)],
  },
  {
    name: 'search',
    meaning: '20 with two words in their subject, as that member',
    aim: { sqlite: 0.5, postgres: 0.5 },
    statements: 8,
    requests: ({ everywhere, wordPairs }) =>
      wordPairs.map((words) => listed(everywhere, false, { where: [{ on: 'subject', words }] })),
  },
  {
    name: 'projects',
    meaning: '20 projects, as a member of 40',
    aim: { sqlite: 0.5, postgres: 0.5 },
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
    name: 'create',
    meaning: 'a new work package with a description and four links',
    aim: { sqlite: 0.5, postgres: 0.5 },
    requests: (dataset) => {
      const random = randomFrom(2)
      return dataset.viewer.projects.map((project) => ({
        method: 'POST',
        path: PATH,
        token: dataset.viewer.token,
        work: { kind: 'create' },
        body: (n) => JSON.stringify(newWorkPackage(dataset, project, pick(random, dataset.priorities), n)),
      }))
    },
  },
  {
    name: 'update',
    meaning: 'another subject for a work package',
    aim: { sqlite: 0.5, postgres: 0.5 },
    requests: ({ seen, viewer }) =>
      seen.slice(0, UPDATED).map((id) => ({
        method: 'PATCH',
        path: `${PATH}/${id}`,
        token: viewer.token,
        work: { kind: 'update', id },
        body: (n, lockVersion) => JSON.stringify({ subject: `Check the monthly report, take ${n}`, lockVersion }),
      })),
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
