/** Leaves the merging of segments of text indexes to the job that indexes: see ../search.ts. */
import { merging } from '../index-queue.ts'

export const merges = {
  sqlite: [
    ...['subject', 'description', 'custom_values'].map((column) => `work_packages_${column}`),
    ...['journals_notes', 'attachments_file_name', 'attachment_contents_content'],
  ]
    .map((index) => merging(`texts_${index}`))
    .join('\n'),
  postgres: '',
}
