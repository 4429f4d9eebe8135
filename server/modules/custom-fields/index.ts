/** Custom fields and custom actions. */
import { module } from '#kernel/module.ts'
import {
  extensions as actionsExtensions,
  operations as actionsOperations,
  removals as actionsRemovals,
  CustomAction,
} from './actions.ts'
import { bodies } from './bodies.ts'
import { additions, extensions as customFieldsExtensions } from './custom-fields.ts'
import { HierarchyItem, operations as itemsOperations } from './items.ts'
import { CustomOption } from './options.ts'
import { permissions } from './permissions.ts'
import { removals as referencesRemovals } from './references.ts'

export const customFields = module('custom-fields', {
  needs: ['projects', 'work-packages', 'time'],
  chapters: [
    {
      part: 'Work',
      name: 'Custom actions',
      description: 'Several changes of a work package in one request.',
      of: ['CustomAction'],
    },
    {
      part: 'Work',
      name: 'Custom fields',
      description:
        'Options and items of custom fields. The custom fields themselves are properties of the resources, as `customField` and their id.',
      of: ['CustomOption', 'HierarchyItem'],
    },
  ],
  bodies,
  permissions,
  resources: [CustomOption, HierarchyItem, CustomAction],
  operations: [...itemsOperations, ...actionsOperations],
  extends: [...customFieldsExtensions, ...actionsExtensions],
  removals: [...actionsRemovals, ...referencesRemovals],
  additions,
})
