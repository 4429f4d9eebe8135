/** Until when one process has the renewal of a connection's tokens to itself. */
export const renewals = {
  name: '0050-renewals',
  text: `
alter table storage_connections add column renewing_until {time};
`,
}
