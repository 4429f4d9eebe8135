/** Uploads without a container. */
import type { Operation, Rule } from '#kernel/declaration.ts'
import { operation } from '#kernel/operation.ts'
import { prepareUpload } from './direct.ts'
import { NOWHERE, receive } from './receive.ts'

/**
 * The operations that upload a file for later.
 * @param guard rule for uploads without a container, for any later container
 */
export const uploads = (guard: Rule): readonly Operation[] => [
  operation({
    method: 'POST',
    path: '/attachments',
    summary: 'Upload a file to attach it later',
    description:
      'Uploads a file without a container. A later write claims it by linking to it in `attachments`. Unclaimed files are deleted after some hours; until then only the author sees them.',
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
      'Takes the metadata of a file, including `fileSize`, and returns the form for uploading the file to the store. A later write claims the attachment. Responds with 404 where clients cannot reach the file store.',
    tag: 'Attachment',
    accepts: 'parts',
    guard,
    answers: { status: 201, of: 'AttachmentUpload', as: 'single' },
    run: (ask) => prepareUpload(ask, NOWHERE),
  }),
]
