/** Direct uploads, as the OpenAPI document describes them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

export const bodies: Readonly<Record<string, BodyType>> = {
  AttachmentUpload: {
    description: 'An attachment before its direct upload, with the form for the upload.',
    schema: hal(
      'AttachmentUpload',
      {
        id: { type: 'integer', description: 'Id of the attachment, which does not change after the upload.' },
        fileName: { type: 'string', description: 'File name.' },
        description: ref('Formattable', 'Description of the file.'),
        createdAt: { type: 'string', format: 'date-time', description: 'Creation time.' },
      },
      {
        addAttachment: {
          type: 'object',
          required: ['href', 'method', 'form_fields'],
          description: 'Address of the upload. Send multipart/form-data: first these fields, then the part `file`.',
          properties: {
            href: { type: 'string', format: 'uri' },
            method: { const: 'post' },
            form_fields: { type: 'object', additionalProperties: { type: 'string' }, description: 'Form fields.' },
          },
        },
        completeUpload: ref('Link', 'Completes the upload. Request it after the file has been sent.'),
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
