// The drain of ackd as a program of graphile-worker: each job is one notification, whose form it builds, signs, posts and
// judges. The worker records what came of it. Started by graphile.py beside its node_modules:
//
//   node drain.mjs CONNECTION URL KEY_FILE IN_FLIGHT
//
// Prints the millisecond (of 1970) of its first job, and goes on until its input ends.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";

import { Logger, run } from "graphile-worker";
import { Pool } from "undici";

const [connectionString, url, keyFile, inFlight] = process.argv.slice(2);
const key = readFileSync(keyFile, "utf8").trim();
const { origin, pathname } = new URL(url);
const connections = Number(inFlight);
const pool = new Pool(origin, { connections, headersTimeout: 10_000, bodyTimeout: 10_000 });
const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
let begun = false;

function form(fields) {
  const pairs = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`);
  const sign = createHash("md5").update(`${pairs.join("&")}&key=${key}`).digest("hex").toUpperCase();
  return new URLSearchParams({ ...fields, sign }).toString();
}

async function notify(fields) {
  if (!begun) {
    begun = true;
    console.log(Date.now());
  }
  const { statusCode, body } = await pool.request({ path: pathname, method: "POST", headers, body: form(fields) });
  const answer = await body.text();
  if (statusCode !== 200 || answer !== "OK") throw new Error(`${statusCode} ${answer.slice(0, 100)}`);
}

// What was fastest where it was tried; see graphile.py.
const worker = {
  connectionString,
  concurrentJobs: connections,
  maxPoolSize: connections + 2,
  localQueue: { size: Number(process.env.LOCAL_QUEUE ?? 500) },
  completeJobBatchDelay: Number(process.env.COMPLETE_DELAY ?? 0),
  failJobBatchDelay: 0,
};
const logger = new Logger(() => () => {});
const runner = await run({
  preset: { worker },
  logger,
  parsedCronItems: [],
  noHandleSignals: true,
  taskList: { notify },
});
process.stdin.on("end", () => runner.stop().then(() => pool.close())).resume();
