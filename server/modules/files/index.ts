/** Attachments. */
import { module } from '#kernel/module.ts'
import { attaching } from './attachable.ts'
import { Attachment } from './attachments.ts'
import { bodies } from './bodies.ts'
import { operations as contentOperations } from './content.ts'
import { operations as directOperations } from './direct.ts'
import { expireUploads, removeFile } from './loose.ts'
import { permissions } from './permissions.ts'
import { readContent } from './reading.ts'

export const files = module('files', {
  needs: ['work-packages', 'activities'],
  chapters: [
    {
      part: 'Work',
      name: 'Attachments',
      description: 'Attached files. Upload a file to its container, or upload it first and let a later write claim it.',
      of: ['Attachment'],
    },
  ],
  bodies,
  permissions,
  resources: [Attachment],
  operations: [...directOperations, ...contentOperations],
  jobs: [readContent, removeFile, expireUploads],
  derives: attaching,
})
