/** Uploading a file before there is anything to attach it to. */
import { operation } from '#kernel/operation.ts'
import { uncontained } from './attachments.ts'
import { NOWHERE, receive } from './receive.ts'

operation({
  method: 'POST',
  path: '/attachments',
  summary: 'Upload a file to attach it later',
  description:
    'Keeps a file that belongs to nothing yet. A later write claims it by naming it among its `attachments`; what nobody claims is removed after some hours, and until then only its author sees it.',
  tag: 'Attachment',
  accepts: 'parts',
  guard: uncontained,
  answers: { status: 201, of: 'Attachment', as: 'single' },
  run: (ask) => receive(ask, NOWHERE),
})
