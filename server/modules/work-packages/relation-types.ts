/** Types of relations, as seen from both ends. Of two inverse types, only one is stored. */

import { either, inAnyProject, sharedAnywhere } from '#kernel/access/rules.ts'
import type { Rule } from '#kernel/declaration.ts'
import { type Message, said } from '#text/messages.ts'

const permission = 'manage_work_package_relations'

/** The viewer manages relations of any work package. */
export const managesAnywhere: Rule = either(inAnyProject(permission), sharedAnywhere(permission))

/** Inverse types. */
export const reverses: Readonly<Record<string, string>> = {
  relates: 'relates',
  follows: 'precedes',
  precedes: 'follows',
  blocks: 'blocked',
  blocked: 'blocks',
  duplicates: 'duplicated',
  duplicated: 'duplicates',
  includes: 'partof',
  partof: 'includes',
  requires: 'required',
  required: 'requires',
}

/** Display names. */
export const typeLabels: Readonly<Record<string, Message>> = {
  relates: said`related to`,
  follows: said`successor (after)`,
  precedes: said`predecessor (before)`,
  blocks: said`blocks`,
  blocked: said`blocked by`,
  duplicates: said`duplicates`,
  duplicated: said`duplicated by`,
  includes: said`includes`,
  partof: said`part of`,
  requires: said`requires`,
  required: said`required by`,
}

export const relationTypes: readonly string[] = Object.keys(reverses)

const stored = new Set(['relates', 'follows', 'blocks', 'duplicates', 'includes', 'requires'])

export const isRelationType = (type: unknown): type is string => typeof type === 'string' && Object.hasOwn(reverses, type)

/** Whether a relation of this type is stored reversed, as its inverse type. */
export const isMirrored = (type: string): boolean => isRelationType(type) && !stored.has(type)

/** The stored type for a type. */
export const storedType = (type: string): string => (isMirrored(type) ? (reverses[type] ?? type) : type)
