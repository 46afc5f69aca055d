// The providers' own SDKs judge requests that ackd sent. Runs in the folder into which they were installed:
//   node provider_sdk.mjs REQUESTS.json
// Each request: sdk, headers (names in lower case), body, changed_body, secrets, public_key, expected. Prints one line
// of JSON for each: whether the SDK accepted it, with every secret there is, and whether it refused the changed one.
import { readFileSync } from "node:fs";

import { hmacValidator } from "@adyen/api-library";
import { verify as octokitVerify } from "@octokit/webhooks-methods";
import { AlipaySdk } from "alipay-sdk";
import { Webhook as StandardWebhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import WechatPay from "wechatpay-node-v3";

const adyen = new hmacValidator();
const stripe = new Stripe("sk_test_unused");

// What throws refuses.
function returns(call) {
  call();
  return true;
}

function wechatPay(request, body) {
  const { headers } = request;
  const pay = new WechatPay({
    appid: "wx", mchid: "1", serial_no: "1", publicKey: Buffer.from("unused"), privateKey: Buffer.from("unused"),
    key: request.secrets[0],
  });
  // Otherwise the SDK would fetch the platform's certificates.
  WechatPay.certificates[headers["wechatpay-serial"]] = request.public_key;
  return pay.verifySign({
    timestamp: headers["wechatpay-timestamp"], nonce: headers["wechatpay-nonce"], body,
    serial: headers["wechatpay-serial"], signature: headers["wechatpay-signature"],
  }).then((verified) => {
    if (!verified) return false;
    const { ciphertext, associated_data: associated, nonce } = JSON.parse(body).resource;
    const opened = pay.decipher_gcm(ciphertext, associated, nonce);
    return JSON.stringify(opened) === JSON.stringify(JSON.parse(request.expected));
  });
}

// SDK -> (request, body, secret) -> whether it is taken for the provider's
const judges = {
  "standardwebhooks": (request, body, secret) =>
    returns(() => new StandardWebhook(secret).verify(body, request.headers)),
  "svix": (request, body, secret) => returns(() => new SvixWebhook(secret).verify(body, request.headers)),
  "stripe": (request, body, secret) =>
    returns(() => stripe.webhooks.constructEvent(body, request.headers["stripe-signature"], secret)),
  "alipay-sdk": (request, body) =>
    new AlipaySdk({ appId: "1", privateKey: "unused", alipayPublicKey: request.public_key })
      .checkNotifySignV2(Object.fromEntries(new URLSearchParams(body))),
  "wechatpay-node-v3": wechatPay,
  "@octokit/webhooks-methods": (request, body, secret) =>
    octokitVerify(secret, body, request.headers["x-hub-signature-256"]),
  "@adyen/api-library": (request, body, secret) =>
    adyen.validateHMAC(JSON.parse(body).notificationItems[0].NotificationRequestItem, secret),
};

async function accepts(request, body) {
  const reasons = [];
  for (const secret of request.secrets) {
    try {
      if ((await judges[request.sdk](request, body, secret)) !== true) reasons.push("false");
    } catch (trouble) {
      reasons.push(String(trouble));
    }
  }
  return reasons;
}

for (const request of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const refusals = await accepts(request, request.body);
  const ofChanged = await accepts(request, request.changed_body);
  console.log(JSON.stringify({
    accepted: refusals.length === 0,
    refused: ofChanged.length === request.secrets.length,
    reasons: refusals.length === 0 ? ofChanged : refusals,
  }));
}
