// dynalite on a free port of loopback, in memory. Prints the port; ends when standard input does, so that it never outlives the tests.
import dynalite from 'dynalite';

const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
const open = new Set();
server.prependListener('request', (request, response) => {
  open.add(response);
  response.on('close', () => open.delete(response));
});

// Some requests make it throw outside of any handler. A service would answer 500 and live on.
process.on('uncaughtException', (error) => {
  console.error(error);
  for (const response of open) {
    response.writeHead(500).end();
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
