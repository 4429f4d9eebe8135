/** The history of work packages: changes, comments and reactions. */
import { module } from '#kernel/module.ts'
import { Activity } from './activities.ts'
import { bodies } from './bodies.ts'
import { extensions as furtherExtensions, operations as furtherOperations } from './operations.ts'
import { projectModules } from './permissions.ts'

export const activities = module('activities', {
  needs: ['work-packages'],
  chapters: [
    {
      part: 'Work',
      name: 'Activities',
      description: 'The history of work packages: changes and comments, with reactions.',
      of: ['Activity', 'EmojiReaction'],
    },
  ],
  bodies,
  projectModules,
  resources: [Activity],
  operations: [...furtherOperations],
  extends: [...furtherExtensions],
})
