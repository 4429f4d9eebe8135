/** A sample upload for tests of other resources. */

/** The body of an upload, and its headers. */
export const oneFile = {
  body: [
    '--b0',
    'Content-Disposition: form-data; name="metadata"',
    '',
    '{"fileName":"a.txt"}',
    '--b0',
    'Content-Disposition: form-data; name="file"; filename="a.txt"',
    '',
    'A text.',
    '--b0--',
    '',
  ].join('\r\n'),
  headers: { 'content-type': 'multipart/form-data; boundary=b0' },
}
