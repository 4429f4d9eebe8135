/** Modules: parts of the product, each a value that says what it declares and on which other ones it stands. */
import type { Module } from './declaration.ts'
import { refuseUnknown } from './shapes.ts'

/** Declares a module. */
export function module(name: string, declared: Omit<Module, 'name'>): Module {
  refuseUnknown('module', `The module ${name}`, declared)
  return { name, ...declared }
}
