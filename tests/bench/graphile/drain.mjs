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

// By hand, which is less work than URLSearchParams; the values need no more than this.
function form(fields) {
  const pairs = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`);
  const sign = createHash("md5").update(`${pairs.join("&")}&key=${key}`).digest("hex").toUpperCase();
  const sent = Object.entries(fields).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${sent.join("&")}&sign=${sign}`;
}

// The status and the text of the answer. dispatch() makes none of the streams that request() does.
function post(body) {
  return new Promise((resolve, reject) => {
    let status = 0;
    let text = "";
    pool.dispatch({ path: pathname, method: "POST", headers, body }, {
      onConnect() {},
      onHeaders(statusCode) {
        status = statusCode;
        return true;
      },
      onData(chunk) {
        text += chunk.toString("latin1");
        return true;
      },
      onComplete: () => resolve({ status, text }),
      onError: reject,
    });
  });
}

async function notify(fields) {
  if (!begun) {
    begun = true;
    console.log(Date.now());
  }
  const { status, text } = await post(form(fields));
  if (status !== 200 || text !== "OK") throw new Error(`${status} ${text.slice(0, 100)}`);
}

// Tried beside these, by the processor's time of all processes for one job, which says more than the rate where others
// use the machine. More took a local queue of 65 (a seventh), no delay of completions (an eighth) and request() with
// URLSearchParams (a seventh); a queue of 2,000, a delay of 250 ms, ten connections to PostgreSQL and undici 7 were no
// different. One process takes a quarter less than two and has one core only; the best rates were those of two.
const worker = {
  connectionString,
  concurrentJobs: connections,
  maxPoolSize: connections + 2,
  localQueue: { size: 500 },
  completeJobBatchDelay: 20,
  failJobBatchDelay: 20,
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
