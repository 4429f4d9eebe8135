/** The benchmark data for its cases. */
import type { Searches } from './found.ts'
import type { Net } from './net.ts'

/** A user whose requests are measured. */
export interface Person {
  id: number
  token: string
  /** The projects of their memberships; the administrator sees all. */
  projects: number[]
}

/** The parts of the data that the cases use. */
export interface Dataset {
  size: number
  /** Sees everything, as an administrator. */
  admin: Person
  /** A member of 40 projects. */
  viewer: Person
  /** A member of three quarters of all projects. */
  everywhere: Person
  /** Plans the cascading work, alternately with the administrator; nobody else sees it. */
  planner: Person
  types: { task: number; feature: number; bug: number }
  priorities: number[]
  /** Work packages that the viewer sees. */
  seen: number[]
  /** Those of them that no search finds: their texts may change during measurements of searches. */
  unfound: number[]
  /** Pairs of words that occur together in a subject. */
  wordPairs: [string, string][]
  searches: Searches
  /** Public queries, one for each of the `choices`. */
  queries: number[]
  /** The cascading work for each measured server, once it exists. */
  nets: Net[]
}
