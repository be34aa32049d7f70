/**
 * The passwords that are guessed first, of those long enough to be used here; in small letters.
 * Source: the heads of NCSC's and SecLists' lists of passwords found in breaches, and what
 * registries' own guides write.
 */
export const GUESSED_PASSWORDS: ReadonlySet<string> = new Set(
  `00000000 11111111 112233445566 11223344 12121212 123123123 123321123 1234567890 123456789
   12345678 1234qwer 12341234 123456abc 123456789a 147258369 1q2w3e4r 1q2w3e4r5t 1qaz2wsx
   22222222 55555555 66666666 77777777 87654321 88888888 987654321 99999999 a1234567 a12345678
   aa123456 abc12345 abcd1234 abcdefgh admin123 admin1234 admin12345 administrator asdf1234
   asdfasdf asdfghjk asdfghjkl baseball basketball computer changeme changeme123 charlie1
   dragon123 entrepot entrepot123 entrepot12345 football football1 harbor12345 iloveyou iloveyou1
   jennifer letmein123 liverpool michelle monkey123 p@ssw0rd p@ssword passw0rd password password!
   password1 password12 password123 password1234 princess princess1 q1w2e3r4 q1w2e3r4t5 qazwsxedc
   qwer1234 qwerty12 qwerty123 qwerty1234 qwertyui qwertyuiop registry registry123 samantha
   starwars sunshine sunshine1 superman superman1 test1234 trustno1 welcome1 welcome123 whatever
   woaini1314 zaq12wsx zxcvbnm1 zxcvbnm123`.split(/\s+/),
);
