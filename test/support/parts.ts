/** An upload as tests send it that are about something else. */

/** The body of an upload, and the headers that go with it. */
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
