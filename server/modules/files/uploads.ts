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
    tag: 'Attachment',
    accepts: 'parts',
    guard,
    answers: { status: 201, as: 'object' },
    run: (ask) => prepareUpload(ask, NOWHERE),
  }),
]
