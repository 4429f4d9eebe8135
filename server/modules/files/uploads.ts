/** Uploading a file before there is anything to attach it to. */
import type { Operation, Rule } from '#kernel/declaration.ts'
import { operation } from '#kernel/operation.ts'
import { prepareUpload } from './direct.ts'
import { NOWHERE, receive } from './receive.ts'

/**
 * The operations that upload a file for later.
 * @param guard who may upload without a container, whatever it is meant for
 */
export const uploads = (guard: Rule): readonly Operation[] => [
  operation({
    method: 'POST',
    path: '/attachments',
    summary: 'Upload a file to attach it later',
    description:
      'Keeps a file that belongs to nothing yet. A later write claims it by naming it among its `attachments`; what nobody claims is removed after some hours, and until then only its author sees it.',
    tag: 'Attachment',
    accepts: 'parts',
    guard,
    answers: { status: 201, of: 'Attachment', as: 'single' },
    run: (ask) => receive(ask, NOWHERE),
  }),
  operation({
    method: 'POST',
    path: '/attachments/prepare',
    summary: 'Prepare a direct upload of a file to attach it later',
    description:
      'Takes the metadata of a file, `fileSize` included, and answers the form by which the file itself is sent to the store. A later write claims the attachment. Only where files lie in a store that clients can reach; otherwise 404.',
    tag: 'Attachment',
    accepts: 'parts',
    guard,
    answers: { status: 201, of: 'AttachmentUpload', as: 'single' },
    run: (ask) => prepareUpload(ask, NOWHERE),
  }),
]
