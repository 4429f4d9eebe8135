/** Modules: parts of the product, each a value with its declarations and dependencies. */
import type { JobKind, Module } from './declaration.ts'
import { refuseUnknown } from './shapes.ts'

/** Declares a module. */
export function module(name: string, declared: Omit<Module, 'name'>): Module {
  refuseUnknown('module', `The module ${name}`, declared)
  return { name, ...declared }
}

/**
 * Declares a kind of jobs.
 * @throws Error unless it has exactly one of `every`, `pending` and `attempts`
 */
export function job<P = Record<string, never>>(name: string, declared: Omit<JobKind<P>, 'name'>): JobKind<P> {
  refuseUnknown('job', `The job ${name}`, declared)
  const { every, pending, attempts } = declared
  if ([every, pending, attempts].filter((one) => one !== undefined).length !== 1)
    throw new Error(`The job ${name} must say either "every", "pending" or after how many "attempts" it is given up.`)
  return { name, ...declared }
}
