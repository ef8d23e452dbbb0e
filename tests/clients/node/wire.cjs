// Leads the vendor's host names to the emulator, inside this process only, and lets nothing else leave the machine. Node
// loads it before the package under test, which goes on calling https://books.zoho.com and checks the certificate as ever.
"use strict";

const net = require("node:net");

const TLS_PORT = Number(process.env.EMULATOR_TLS_PORT);
const VENDOR = /(^|\.)(zoho|zohoapis|zohocloud)\.[a-z.]+$/;
const LOCAL = new Set(["localhost", "127.0.0.1", "::1", undefined]);

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...parameters) {
  const wrapped = Array.isArray(parameters[0]);
  const options = wrapped ? parameters[0][0] : parameters[0];
  if (options !== null && typeof options === "object" && !options.path) {
    const led = lead(options);
    if (wrapped) parameters[0][0] = led;
    else parameters[0] = led;
  }
  return connect.apply(this, parameters);
};

function lead(options) {
  if (VENDOR.test(options.host ?? "")) {
    // The name the certificate is checked against stays what it was.
    return { ...options, servername: options.servername || options.host, host: "127.0.0.1", port: TLS_PORT };
  }
  if (!LOCAL.has(options.host)) throw new Error(`${options.host} is not the emulator, and these tests call nothing else`);
  return options;
}
