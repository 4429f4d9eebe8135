/** Uploading a file before there is anything to attach it to. */
import { operation } from '#kernel/operation.ts'
import { uncontained } from './attachments.ts'
import { NOWHERE, receive } from './receive.ts'

operation({
  method: 'POST',
  path: '/attachments',
  summary: 'Upload a file to attach it later',
  tag: 'Attachment',
  accepts: 'parts',
  guard: uncontained,
  answers: { status: 201, of: 'Attachment', as: 'single' },
  run: (ask) => receive(ask, NOWHERE),
})
