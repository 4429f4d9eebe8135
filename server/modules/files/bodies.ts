/** Direct uploads, as the description of the API tells them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

export const bodies: Readonly<Record<string, BodyType>> = {
  AttachmentUpload: {
    description: 'An attachment whose file is still to come, and the form to send it by.',
    schema: hal(
      'AttachmentUpload',
      {
        id: { type: 'integer', description: 'The id that the attachment has from now on.' },
        fileName: { type: 'string', description: 'What it is called.' },
        description: ref('Formattable', 'A text about it.'),
        createdAt: { type: 'string', format: 'date-time', description: 'When it was prepared.' },
      },
      {
        addAttachment: {
          type: 'object',
          required: ['href', 'method', 'form_fields'],
          description: 'Where to send the file, as multipart/form-data: first these fields, then the part `file`.',
          properties: {
            href: { type: 'string', format: 'uri' },
            method: { const: 'post' },
            form_fields: { type: 'object', additionalProperties: { type: 'string' }, description: 'The fields of the form.' },
          },
        },
        completeUpload: ref('Link', 'To be asked once the file has been sent.'),
      },
    ),
    example: {
      _type: 'AttachmentUpload',
      id: 42,
      fileName: 'mast.pdf',
      description: { format: 'plain', raw: '', html: '' },
      createdAt: '2026-03-02T09:30:00.000Z',
      _links: {
        self: { href: '/api/v3/attachments/42', title: 'mast.pdf' },
        addAttachment: {
          href: 'https://files.example.org/',
          method: 'post',
          form_fields: { key: 'attachments/0f9c', policy: 'eyJleHBpcmF0aW9uIjoiMjAyNi0wMy0wMlQxMDozMDowMFoifQ==' },
        },
        completeUpload: { href: '/api/v3/attachments/42/uploaded' },
      },
    },
  },
}
