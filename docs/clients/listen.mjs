// Hears Waypost by the agency's own queue, and keeps each event once. Needs: npm install amqplib
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import amqp from "amqplib";

const ROUTED = "uk.waypost.routing.referral.routed.v1";
const RECALLED = "uk.waypost.routing.task.recalled.v1";

// A file with an event on each line stands for your database.
const path = process.env.WAYPOST_STORE ?? "waypost.ndjson";
const seen = new Set();
const newest = new Map();
const taskOf = (event) => event.data.task_id ?? event.subject;

function remember(event) {
  seen.add(event.id);
  const task = taskOf(event);
  if (event.sequence > (newest.get(task) ?? "")) newest.set(task, event.sequence);
}

if (existsSync(path)) {
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line) remember(JSON.parse(line));
  }
}
const file = openSync(path, "a");

// Stores an event and does what follows from it; one that is known already changes nothing.
function take(event) {
  if (seen.has(event.id)) return console.log("seen before", event.id);
  const late = event.sequence < (newest.get(taskOf(event)) ?? "");
  if (late) console.log("too late", event.id); // Something newer about this task has come already.
  else handle(event);
  writeSync(file, JSON.stringify(event) + "\n");
  fsyncSync(file);
  remember(event);
}

// Yours: what your system does. If the process ends between this and the store, it is called again: let it bear that.
function handle(event) {
  const mark = event.rehearsal ? "(rehearsal) " : "";
  if (event.type === ROUTED) console.log(`${mark}new task`, taskOf(event), event.data.link);
  if (event.type === RECALLED) console.log(`${mark}stop, and delete what you hold for task`, taskOf(event));
}

async function listen() {
  const url = new URL(process.env.WAYPOST_AMQP);
  url.searchParams.set("heartbeat", "20");
  const connection = await amqp.connect(url.href);
  const ended = new Promise((resolve) => connection.on("close", resolve));
  connection.on("error", (error) => console.error("connection:", error.message));
  const channel = await connection.createChannel();
  channel.on("error", (error) => console.error("channel:", error.message));
  channel.on("close", () => connection.close().catch(() => {}));
  await channel.prefetch(50);
  // No assertQueue: the queue is there already; declaring it is not yours to do, and would be refused.
  await channel.consume(process.env.WAYPOST_QUEUE, (message) => {
    try {
      take(JSON.parse(message.content.toString()));
    } catch (error) {
      console.error("not taken:", error.message);
      process.exit(1); // Whoever started it starts it again; the message, not acknowledged, comes again too.
    }
    channel.ack(message); // Only now, when it is stored.
  });
  console.log("listening");
  await ended;
}

for (;;) {
  await listen().catch((error) => console.error("not connected:", error.message));
  await sleep(2000);
}
