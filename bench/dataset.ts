/** The data of a benchmark as its cases know it. */
import type { Searches } from './found.ts'
import type { Net } from './net.ts'

/** Somebody whose requests are measured. */
export interface Person {
  id: number
  token: string
  /** The projects they are a member of; the administrator sees all. */
  projects: number[]
}

/** The parts of the data that the cases use. */
export interface Dataset {
  size: number
  /** Sees everything by being an administrator. */
  admin: Person
  /** A member of 40 projects. */
  viewer: Person
  /** A member of three quarters of all projects. */
  everywhere: Person
  /** Plans work that cascades, by turns with the administrator; nobody else sees it. */
  planner: Person
  types: { task: number; feature: number; bug: number }
  priorities: number[]
  /** Work packages that the viewer sees. */
  seen: number[]
  /** Those of them that no search finds: their texts may change while searches are measured. */
  unfound: number[]
  /** Pairs of words that occur together in a subject. */
  wordPairs: [string, string][]
  searches: Searches
  /** Public queries, one for each of the `choices`. */
  queries: number[]
  /** For each server that is measured, work that cascades, once it is there. */
  nets: Net[]
}
