import { createWebCryptoSuite } from '../../src/core/crypto/webcrypto.ts';
import { cryptoSuiteContract } from './crypto-suite.ts';

cryptoSuiteContract('The browser’s WebCrypto', createWebCryptoSuite(crypto.subtle));
