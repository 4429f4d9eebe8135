/** Work packages, their types, statuses, priorities and relations. */
import { module } from '#kernel/module.ts'
import { bodies } from './bodies.ts'
import { operations as furtherOperations } from './operations.ts'
import { projectModules } from './permissions.ts'
import { Priority } from './priorities.ts'
import { operations as relationOperationsOperations } from './relation-operations.ts'
import { Relation, extensions as relationsExtensions } from './relations.ts'
import { operations as schemasOperations } from './schemas.ts'
import { Status } from './statuses.ts'
import { Type } from './types.ts'
import { WorkPackage } from './work-packages.ts'

export const workPackages = module('work-packages', {
  needs: ['accounts', 'projects', 'calendar'],
  bodies,
  projectModules,
  resources: [Type, Status, Priority, WorkPackage, Relation],
  operations: [...furtherOperations, ...relationOperationsOperations, ...schemasOperations],
  extends: [...relationsExtensions],
})
