/** Files of storages and uploads to them, as the OpenAPI document describes them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'
import { FOLDER, noLink, originDataKind } from './kinds.ts'

const self = { self: { href: noLink('storage_file') } }

const folder = {
  id: '41',
  name: '/',
  location: '/',
  mimeType: FOLDER,
  size: 6144,
  lastModifiedAt: '2026-03-02T09:30:00.000Z',
  _type: 'StorageFile',
  _links: self,
}
const file = { ...folder, id: '42', name: 'mast.pdf', location: '/mast.pdf', mimeType: 'application/pdf', size: 48213 }

export const bodies: Readonly<Record<string, BodyType>> = {
  StorageFile: {
    description: 'A file or folder in a file storage.',
    schema: hal(
      'StorageFile',
      {
        ...(originDataKind.json.properties as object),
        size: { type: 'integer', minimum: 0, description: 'Size in bytes.' },
        location: { type: 'string', description: 'Path from the root.' },
      },
      {},
    ),
    example: file,
  },
  StorageFiles: {
    description: 'The files in a folder of a file storage.',
    schema: hal(
      'StorageFiles',
      {
        files: { type: 'array', items: ref('StorageFile'), description: 'Files and folders in the folder.' },
        parent: ref('StorageFile', 'The folder.'),
        ancestors: { type: 'array', items: ref('StorageFile'), description: 'Folders above it, the root first.' },
      },
      {},
    ),
    example: { _type: 'StorageFiles', files: [file], parent: folder, ancestors: [], _links: self },
  },
  StorageFolderRequest: {
    description: 'A folder to be created.',
    schema: {
      type: 'object',
      required: ['name', 'parentId'],
      properties: {
        name: { type: 'string', description: 'Name.' },
        parentId: { type: 'string', description: 'Id or path of the folder that it is created in.' },
      },
    },
    example: { name: 'Drawings', parentId: '41' },
  },
  UploadRequest: {
    description: 'A file to be uploaded.',
    schema: {
      type: 'object',
      required: ['projectId', 'fileName', 'parent'],
      properties: {
        projectId: { type: 'integer', minimum: 1, description: 'A project that uses the storage.' },
        fileName: { type: 'string', description: 'File name.' },
        parent: { type: 'string', description: 'Id or path of the folder; `/` is the root.' },
      },
    },
    example: { projectId: 42, fileName: 'mast.pdf', parent: '/' },
  },
  UploadLink: {
    description: 'The address of an upload.',
    schema: hal('UploadLink', {}, { destination: ref('Link', 'Receives the file by its method, without credentials.') }),
    example: {
      _type: 'UploadLink',
      _links: {
        self: { href: noLink('upload_link') },
        destination: {
          href: 'https://files.example.org/index.php/apps/integration_openproject/direct-upload/9f2c',
          method: 'post',
          title: 'Upload File',
        },
      },
    },
  },
  FileLinks: {
    description: 'Files to be linked, 20 at most.',
    schema: {
      type: 'object',
      required: ['_embedded'],
      properties: {
        _type: { const: 'Collection' },
        _embedded: {
          type: 'object',
          required: ['elements'],
          properties: {
            elements: {
              type: 'array',
              minItems: 1,
              maxItems: 20,
              items: {
                type: 'object',
                required: ['originData', '_links'],
                properties: {
                  originData: { ...originDataKind.json, description: 'The file.' },
                  _links: {
                    type: 'object',
                    description: 'One of both.',
                    properties: {
                      storage: ref('Link', 'The storage.'),
                      storageUrl: ref('Link', 'The address of the storage.'),
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    example: {
      _type: 'Collection',
      _embedded: {
        elements: [
          {
            originData: { id: '5503', name: 'mast.pdf', mimeType: 'application/pdf' },
            _links: { storageUrl: { href: 'https://files.example.org' } },
          },
        ],
      },
    },
  },
}
