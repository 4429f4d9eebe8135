/** Files attached to things. */
import { module } from '#kernel/module.ts'
import { attaching } from './attachable.ts'
import { Attachment } from './attachments.ts'
import { operations as contentOperations } from './content.ts'
import { operations as directOperations } from './direct.ts'
import { expireUploads, removeFile } from './loose.ts'
import { readContent } from './reading.ts'

export const files = module('files', {
  needs: ['work-packages', 'activities'],
  resources: [Attachment],
  operations: [...directOperations, ...contentOperations],
  jobs: [readContent, removeFile, expireUploads],
  derives: attaching,
})
