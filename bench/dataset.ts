/** The benchmark data for its cases. */
import type { Searches } from './found.ts'
import type { Net } from './net.ts'
import type { ShapeName } from './shapes.ts'

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
  shape: ShapeName
  /** Sees everything, as an administrator. */
  admin: Person
  /** A member of as many projects as the shape says. */
  viewer: Person
  /** A member of three quarters of all projects. */
  everywhere: Person
  /** A member of two projects in which nothing has been changed for two years. */
  dormant: Person
  /** Members of as many projects as the viewer, each of a different selection. */
  viewers: Person[]
  /** Plans the cascading work, alternately with the administrator; nobody else sees it. */
  planner: Person
  /** Number of projects that have work packages. */
  projectCount: number
  /** The projects that have subprojects: their lists contain the work packages of these as well. */
  parents: number[]
  types: { task: number; feature: number; bug: number }
  priorities: number[]
  /** Some of the work packages that the viewer sees. */
  seen: number[]
  /** Some of these whose subject no search finds: they may change during measurements of searches. */
  unfound: number[]
  /** Pairs of words that occur together in a subject. */
  wordPairs: [string, string][]
  searches: Searches
  /** Public queries, one for each of the `choices`. */
  queries: number[]
  /** The cascading work for each measured server, once it exists. */
  nets: Net[]
}
