// Emoji by the names that Slack uses. The common ones; an unknown name stays visible as :name:.

const TABLE = `
smileys|grinning 😀|smiley 😃|smile 😄|grin 😁|laughing 😆|sweat_smile 😅|joy 😂|rolling_on_the_floor_laughing 🤣|blush 😊|innocent 😇|slightly_smiling_face 🙂|upside_down_face 🙃|wink 😉|relieved 😌|heart_eyes 😍|kissing_heart 😘|yum 😋|stuck_out_tongue 😛|stuck_out_tongue_winking_eye 😜|sunglasses 😎|star-struck 🤩|partying_face 🥳|smirk 😏|unamused 😒|disappointed 😞|pensive 😔|worried 😟|confused 😕|slightly_frowning_face 🙁|persevere 😣|tired_face 😫|weary 😩|pleading_face 🥺|cry 😢|sob 😭|triumph 😤|angry 😠|rage 😡|face_with_symbols_on_mouth 🤬|exploding_head 🤯|flushed 😳|hot_face 🥵|cold_face 🥶|scream 😱|fearful 😨|cold_sweat 😰|hugging_face 🤗|thinking_face 🤔|face_with_hand_over_mouth 🤭|shushing_face 🤫|neutral_face 😐|expressionless 😑|no_mouth 😶|grimacing 😬|face_with_rolling_eyes 🙄|astonished 😲|yawning_face 🥱|sleeping 😴|sleepy 😪|zipper_mouth_face 🤐|face_with_monocle 🧐|nerd_face 🤓|mask 😷|robot_face 🤖|ghost 👻|skull 💀|see_no_evil 🙈|hear_no_evil 🙉|speak_no_evil 🙊|saluting_face 🫡|melting_face 🫠
people|wave 👋|raised_hand ✋|ok_hand 👌|v ✌️|crossed_fingers 🤞|point_left 👈|point_right 👉|point_up_2 👆|point_down 👇|point_up ☝️|thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|fist ✊|facepunch 👊|clap 👏|raised_hands 🙌|open_hands 👐|handshake 🤝|pray 🙏|writing_hand ✍️|muscle 💪|eyes 👀|brain 🧠|bust_in_silhouette 👤|busts_in_silhouette 👥|man-shrugging 🤷‍♂️|woman-shrugging 🤷‍♀️|shrug 🤷|facepalm 🤦|technologist 🧑‍💻
nature|dog 🐶|cat 🐱|mouse 🐭|fox_face 🦊|bear 🐻|panda_face 🐼|tiger 🐯|lion_face 🦁|cow 🐮|pig 🐷|frog 🐸|monkey_face 🐵|chicken 🐔|penguin 🐧|bird 🐦|duck 🦆|owl 🦉|bee 🐝|bug 🐛|butterfly 🦋|snail 🐌|turtle 🐢|octopus 🐙|fish 🐟|whale 🐳|seedling 🌱|evergreen_tree 🌲|palm_tree 🌴|cactus 🌵|four_leaf_clover 🍀|maple_leaf 🍁|sunflower 🌻|rose 🌹|sunny ☀️|cloud ☁️|rain_cloud 🌧️|snowflake ❄️|zap ⚡|ocean 🌊|droplet 💧|fire 🔥|rainbow 🌈|star ⭐|star2 🌟|sparkles ✨|boom 💥|full_moon 🌕|earth_africa 🌍
food|apple 🍎|banana 🍌|strawberry 🍓|avocado 🥑|bread 🍞|cheese_wedge 🧀|pizza 🍕|hamburger 🍔|fries 🍟|taco 🌮|sushi 🍣|ice_cream 🍨|doughnut 🍩|cookie 🍪|birthday 🎂|cake 🍰|coffee ☕|tea 🍵|beer 🍺|beers 🍻|wine_glass 🍷|champagne 🍾
objects|email 📧|e-mail 📧|envelope ✉️|incoming_envelope 📨|envelope_with_arrow 📩|mailbox 📫|mailbox_with_mail 📬|inbox_tray 📥|outbox_tray 📤|package 📦|love_letter 💌|phone ☎️|telephone_receiver 📞|iphone 📱|computer 💻|desktop_computer 🖥️|keyboard ⌨️|printer 🖨️|camera 📷|movie_camera 🎥|tv 📺|bulb 💡|flashlight 🔦|book 📖|books 📚|newspaper 📰|bookmark 🔖|label 🏷️|moneybag 💰|credit_card 💳|receipt 🧾|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|clipboard 📋|pushpin 📌|round_pushpin 📍|paperclip 📎|linked_paperclips 🖇️|straight_ruler 📏|scissors ✂️|file_folder 📁|open_file_folder 📂|card_index_dividers 🗂️|calendar 📆|date 📅|spiral_calendar_pad 🗓️|memo 📝|pencil 📝|pencil2 ✏️|page_facing_up 📄|page_with_curl 📃|wastebasket 🗑️|lock 🔒|unlock 🔓|closed_lock_with_key 🔐|key 🔑|hammer 🔨|wrench 🔧|hammer_and_wrench 🛠️|gear ⚙️|link 🔗|chains ⛓️|toolbox 🧰|mag 🔍|shield 🛡️|hourglass ⌛|hourglass_flowing_sand ⏳|watch ⌚|alarm_clock ⏰|stopwatch ⏱️|timer_clock ⏲️|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|speech_balloon 💬|thought_balloon 💭|rocket 🚀|airplane ✈️|ship 🚢|sailboat ⛵|car 🚗|truck 🚚|bike 🚲|construction 🚧|rotating_light 🚨|vertical_traffic_light 🚦|trophy 🏆|medal 🏅|soccer ⚽|dart 🎯|game_die 🎲|art 🎨|musical_note 🎵|headphones 🎧|gift 🎁|balloon 🎈|tada 🎉|confetti_ball 🎊|crown 👑|gem 💎|bomb 💣|pill 💊|test_tube 🧪|broom 🧹
symbols|white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|heavy_multiplication_x ✖️|warning ⚠️|no_entry ⛔|no_entry_sign 🚫|exclamation ❗|question ❓|grey_question ❔|bangbang ‼️|100 💯|heart ❤️|orange_heart 🧡|yellow_heart 💛|green_heart 💚|blue_heart 💙|purple_heart 💜|black_heart 🖤|broken_heart 💔|zzz 💤|red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|blue_circle 🔵|large_purple_circle 🟣|white_circle ⚪|black_circle ⚫|small_blue_diamond 🔹|small_orange_diamond 🔸|arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrow_upper_right ↗️|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|arrows_counterclockwise 🔄|repeat 🔁|heavy_plus_sign ➕|heavy_minus_sign ➖|double_vertical_bar ⏸️|arrow_forward ▶️|black_square_for_stop ⏹️|information_source ℹ️|copyright ©️|tm ™️|new 🆕|free 🆓|ok 🆗|sos 🆘|up 🆙|cool 🆒|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|checkered_flag 🏁|triangular_flag_on_post 🚩|white_flag 🏳️
`;

/** @type {Map<string, string>} */
const BY_NAME = new Map();
/** @type {[string, string[]][]} group name and its emoji names, for the picker */
export const GROUPS = [];
for (const line of TABLE.trim().split("\n")) {
  const [group, ...entries] = line.split("|");
  const names = [];
  for (const entry of entries) {
    const at = entry.lastIndexOf(" ");
    BY_NAME.set(entry.slice(0, at), entry.slice(at + 1));
    names.push(entry.slice(0, at));
  }
  GROUPS.push([group, names]);
}

/** What a person of this team reaches for first. */
export const USUAL = [
  "thumbsup", "white_check_mark", "eyes", "heart", "tada", "pray", "raised_hands", "joy",
  "hourglass_flowing_sand", "x", "lock", "question",
];

/** Slack's `unicode` field ("1f44d-1f3fd") → the characters, or null. */
export function fromUnicodeField(field) {
  if (!/^[0-9a-f]{2,6}(?:-[0-9a-f]{2,6}){0,9}$/i.test(field ?? "")) return null;
  const points = field.split("-").map((part) => parseInt(part, 16));
  return points.every((point) => point <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}

/** The characters of a name (a skin tone suffix is ignored), or null. */
export function emojiFor(name) {
  return BY_NAME.get(String(name).split("::")[0]) ?? null;
}

/** Names that fit a few typed letters: those that start with them first. */
export function searchEmoji(typed, limit = 8) {
  const wanted = typed.toLowerCase();
  const starts = [];
  const contains = [];
  for (const name of BY_NAME.keys()) {
    if (name.startsWith(wanted)) starts.push(name);
    else if (name.includes(wanted)) contains.push(name);
  }
  return [...starts, ...contains].slice(0, limit);
}

/** Adds the names that the sandbox knows beyond this list. @param {Record<string, string>} table */
export function learnEmoji(table) {
  for (const [name, field] of Object.entries(table ?? {})) {
    const shown = fromUnicodeField(field) ?? (/^[a-z0-9-]*$/i.test(field) ? null : field);
    if (shown && !BY_NAME.has(name)) BY_NAME.set(name, shown);
  }
}
