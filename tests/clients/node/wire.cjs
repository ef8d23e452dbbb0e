// Leads the vendor's host names to the emulator, inside this process only, and lets nothing else leave the machine. Node
// loads it before the package under test, which goes on calling https://books.zoho.com and checks the certificate as ever.
"use strict";

const net = require("node:net");

const TLS_PORT = Number(process.env.EMULATOR_TLS_PORT);
const VENDOR = /(^|\.)(zoho|zohoapis|zohocloud)\.[a-z.]+$/;
const LOCAL = new Set(["localhost", "127.0.0.1", "::1", undefined]);

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (first, ...more) {
  // Node's own modules pass an array that wraps the options and a callback.
  if (Array.isArray(first)) first[0] = lead(first[0]);
  else if (typeof first === "number") return connect.call(this, lead({ port: first, host: more[0] }), more.at(-1));
  else if (typeof first === "object") first = lead(first);
  return connect.call(this, first, ...more);
};

function lead(options) {
  if (options.path) return options;
  if (VENDOR.test(options.host ?? "")) {
    // The name the certificate is checked against stays what it was.
    return { ...options, servername: options.servername || options.host, host: "127.0.0.1", port: TLS_PORT };
  }
  if (!LOCAL.has(options.host)) throw new Error(`${options.host} is not the emulator, and these tests call nothing else`);
  return options;
}
