-- Value lists of the archive (M-080, M-081, M-082): the words of the forms that villages fill in. They are not one to one with the national codes, so each entry keeps both: its own code, and the
-- national standard's where one says the same. Sex, ethnicity and political status are the national lists themselves (common/db 0005). Lists that differ from year to year carry validity.
CALL zeren.tell_codes('household_type', '户类型', '防止返贫监测采集表', '
  general 一般农户
  lifted 脱贫户');
CALL zeren.tell_codes('lifted_class', '脱贫户分类', '2026 年中央一号文件：脱贫人口分类管理；代码由本系统拟定', '
  stable 稳定脱贫
  supported 需继续帮扶
  relief 社会救助兜底');
CALL zeren.tell_codes('object_type', '监测对象类别', '中农组发〔2021〕7号；代码由本系统拟定', '
  1 脱贫不稳定户
  2 边缘易致贫户
  3 突发严重困难户');
CALL zeren.tell_codes('risk', '致贫返贫风险', '防止返贫监测采集表；数字代码为部分省份使用', '
  01 因病
  02 因自然灾害
  03 因残
  04 缺劳动力
  05 因意外事故
  06 因产业项目失败|产业失败
  07 因务工就业不稳|务工不稳
  09 因学
  10 因安全住房
  11 因安全饮水
  99 其他');
CALL zeren.tell_codes('disaster', '自然灾害种类', '防止返贫监测采集表', '
  0201 洪涝灾害|洪涝
  0202 地质灾害|地质
  0203 旱灾|旱
  0204 生物灾害|生物
  0205 气象灾害|气象
  0206 地震灾害|地震
  0299 其他自然灾害|其他');
UPDATE zeren.dictionary_entry SET parent_code = '02' WHERE dictionary = 'disaster';
CALL zeren.tell_codes('risk_level', '风险等级', '各地口径不一，由本系统拟定', '
  high 高
  medium 中
  low 低');
CALL zeren.tell_codes('elimination_kind', '风险消除方式', '防止返贫监测采集表', '
  assisted 帮扶消除
  natural 自然消除');
CALL zeren.tell_codes('household_status', '农户状态', '本系统：规则 M-020', '
  active 在册
  ended 已注销');
CALL zeren.tell_codes('household_end', '农户注销原因', '本系统：规则 M-020', '
  moved_out 整户迁出
  merged 并户
  died_out 户内无人
  error 误录');
CALL zeren.tell_codes('archive_source', '数据来源', '本系统：规则 M-020', '
  form 录入
  import 导入
  transfer 迁移
  push 部门推送
  recount 家庭人口变化后重新计算');
CALL zeren.tell_codes('joined_how', '成员增加方式', '防止返贫监测采集表', '
  registered 建档
  birth 出生
  marriage 婚入
  adopted 收养
  moved_in 迁入
  returned 回乡
  split 分户
  merged 并户');
CALL zeren.tell_codes('left_how', '成员减少方式', '防止返贫监测采集表', '
  death 死亡
  marriage 婚出
  moved_out 迁出
  split 分户
  merged 并户
  error 误录');
CALL zeren.tell_codes('certificate_kind', '证件类型', '防止返贫监测采集表', '
  id_card 居民身份证|身份证
  other 其他证件
  none 无证件');
CALL zeren.tell_codes('confirmation', '身份核对', '本系统：规则 M-130', '
  unconfirmed 待核对
  confirmed 已核对
  none 无身份证号码');
CALL zeren.tell_codes('assessment_stage', '采集环节', '防止返贫监测采集表：处理类型', '
  yearly 年度
  identification 识别时
  elimination 消除时');

-- The form's relation to the head, with what GB/T 4761 calls it.
CALL zeren.tell_codes('relation', '与户主关系', '防止返贫监测采集表；国标对应 GB/T 4761-2008', '
  head 户主
  spouse 配偶
  son 之子
  daughter 之女
  daughter_in_law 之儿媳
  son_in_law 之女婿
  grandson 之孙子
  granddaughter 之孙女
  daughters_son 之外孙子
  daughters_daughter 之外孙女
  father 之父
  mother 之母
  wifes_father 之岳父
  wifes_mother 之岳母
  husbands_father 之公公
  husbands_mother 之婆婆
  grandfather 之祖父
  grandmother 之祖母
  mothers_father 之外祖父
  mothers_mother 之外祖母
  sibling 之兄弟姐妹
  great_grandson 之曾孙子
  great_granddaughter 之曾孙女
  nephew 之侄儿
  niece 之侄女
  siblings_wife 之兄弟媳妇
  uncle 之叔伯
  other 其他');
UPDATE zeren.dictionary_entry e SET gb_standard = 'GB/T 4761', gb_code = g.code
  FROM (VALUES ('head', '02'), ('spouse', '10'), ('son', '20'), ('daughter', '30'), ('daughter_in_law', '38'), ('son_in_law', '28'), ('grandson', '41'), ('granddaughter', '42'),
               ('daughters_son', '43'), ('daughters_daughter', '44'), ('father', '51'), ('mother', '52'), ('wifes_father', '55'), ('wifes_mother', '56'), ('husbands_father', '53'),
               ('husbands_mother', '54'), ('grandfather', '61'), ('grandmother', '62'), ('mothers_father', '63'), ('mothers_mother', '64'), ('sibling', '70'), ('great_grandson', '47'),
               ('great_granddaughter', '48'), ('nephew', '93'), ('niece', '94'), ('other', '80')) AS g (local, code)
 WHERE e.dictionary = 'relation' AND e.code = g.local;

-- Blank for who is at school: then it is the student's state that counts.
CALL zeren.tell_codes('schooling', '文化程度', '防止返贫监测采集表；国标对应 GB/T 4658-2006', '
  illiterate 文盲或半文盲
  primary 小学
  junior 初中
  senior 高中
  college 大专
  bachelor 本科及以上
  master 硕士及以上');
CALL zeren.tell_codes('student_status', '在校生状况', '防止返贫监测采集表；国标对应 GB/T 4658-2006', '
  preschool_age 学龄前儿童
  kindergarten 学前教育
  primary 小学
  junior_1 七年级
  junior_2 八年级
  junior_3 九年级
  senior_1 普通高中一年级
  senior_2 普通高中二年级
  senior_3 普通高中三年级
  vocational_1 中职一年级
  vocational_2 中职二年级
  vocational_3 中职三年级
  college_1 高职高专一年级
  college_2 高职高专二年级
  college_3 高职高专三年级
  technician_1 技师学院一年级
  technician_2 技师学院二年级
  technician_3 技师学院三年级
  technician_4 技师学院四年级
  bachelor_1 本科一年级
  bachelor_2 本科二年级
  bachelor_3 本科三年级
  bachelor_4 本科四年级
  bachelor_5 本科五年级
  master 硕士研究生及以上');
UPDATE zeren.dictionary_entry e SET gb_standard = 'GB/T 4658', gb_code = g.code
  FROM (VALUES ('schooling', 'primary', '80'), ('schooling', 'junior', '70'), ('schooling', 'senior', '60'), ('schooling', 'college', '30'), ('schooling', 'bachelor', '20'),
               ('schooling', 'master', '10'), ('schooling', 'illiterate', '90'), ('student_status', 'primary', '80'), ('student_status', 'junior_', '70'), ('student_status', 'senior_', '60'),
               ('student_status', 'vocational_', '40'), ('student_status', 'college_', '30'), ('student_status', 'technician_', '30'), ('student_status', 'bachelor_', '20'),
               ('student_status', 'master', '10'), ('student_status', 'preschool_age', '90'), ('student_status', 'kindergarten', '90')) AS g (dictionary, begins, code)
 WHERE e.dictionary = g.dictionary AND (e.code = g.begins OR (right(g.begins, 1) = '_' AND e.code ^@ g.begins));
CALL zeren.tell_codes('not_in_school', '失学辍学或未上学原因', '防止返贫监测采集表；代码由本系统拟定', '
  illness 因病
  disability 因残
  unwilling 厌学
  poverty 家庭困难
  work 外出务工
  marriage 早婚
  other 其他');

-- Several may be true of one person; `healthy` of none besides.
CALL zeren.tell_codes('health_state', '健康状况', '防止返贫监测采集表；国标对应 GB/T 2261.3-2003', '
  healthy 健康
  chronic 长期慢性病
  serious 患有大病
  disabled 残疾');
UPDATE zeren.dictionary_entry e SET gb_standard = 'GB/T 2261.3', gb_code = g.code
  FROM (VALUES ('healthy', '1'), ('chronic', '3'), ('disabled', '6')) AS g (local, code) WHERE e.dictionary = 'health_state' AND e.code = g.local;
CALL zeren.tell_codes('disability_class', '残疾类别', 'GB/T 26341-2010', '
  1 视力残疾|视力
  2 听力残疾|听力
  3 言语残疾|言语
  4 肢体残疾|肢体
  5 智力残疾|智力
  6 精神残疾|精神
  7 多重残疾|多重', 'GB/T 26341');
CALL zeren.tell_codes('labour', '劳动技能', '防止返贫监测采集表', '
  common 普通劳动力
  skilled 技能劳动力
  weak 弱劳动力或半劳动力
  lost 丧失劳动力
  none 无劳动力');
CALL zeren.tell_codes('work_need', '务工需求', '代码由本系统拟定', '
  local 就近就业
  province 省内务工
  outside 省外务工
  training 技能培训
  business 自主创业
  none 无需求');
CALL zeren.tell_codes('public_post', '公益性岗位', '防止返贫监测采集表；代码由本系统拟定', '
  industry 行业公益岗
  town 乡镇公益岗
  village 村级公益岗
  forest 生态护林员
  cleaning 保洁员
  other 其他公益岗');
CALL zeren.tell_codes('allowance', '低保', '防止返贫监测采集表', '
  rural 农村低保
  urban 城市低保
  none 未享受');
CALL zeren.tell_codes('destitute', '特困供养', '防止返贫监测采集表', '
  rural 农村特困
  urban 城市特困
  none 不享受');
CALL zeren.tell_codes('unemployed_graduate', '毕业生未就业原因', '代码由本系统拟定', '
  studying 备考升学
  looking 正在求职
  unwilling 暂不就业
  health 健康原因
  care 照料家庭
  other 其他');

-- Living conditions.
CALL zeren.tell_codes('house_grade', '房屋鉴定等级', 'JGJ 125-2016', '
  A A级
  B B级
  C C级
  D D级');
CALL zeren.tell_codes('road_kind', '入户路类型', '防止返贫监测采集表；代码由本系统拟定', '
  cement 水泥路
  asphalt 沥青路
  gravel 砂石路
  brick 砖石路
  earth 泥土路');
CALL zeren.tell_codes('fuel', '主要燃料', '防止返贫监测采集表；代码由本系统拟定', '
  wood 柴草
  straw 秸秆
  coal 煤炭
  gas 燃气
  electricity 电
  biogas 沼气
  other 其他');
CALL zeren.tell_codes('support_kind', '到户产业帮扶类型', '防止返贫监测采集表；代码由本系统拟定', '
  planting 种植
  breeding 养殖
  forestry 林果
  processing 加工
  trade 商贸
  tourism 旅游
  other 其他
  none 无');

-- The form's word for what the national list calls 中国共产党预备党员.
UPDATE zeren.dictionary_entry SET short_label = '中共预备党员' WHERE dictionary = 'political_status' AND code = '02';

-- B-021: what offices write besides, as far as it says one thing only. Assumed: a level of schooling that the form does not have is the form's that counts as much.
CALL zeren.tell_words('political_status', '
  01 党员、共产党员、中国共产党员
  02 预备党员
  03 团员、共青团员(团员)
  12 无党派民主人士
  13 普通群众、一般群众');
CALL zeren.tell_words('household_type', '
  general 一般户、普通农户、非脱贫户
  lifted 脱贫、建档立卡户、建档立卡脱贫户');
CALL zeren.tell_words('object_type', '
  1 脱贫不稳定、脱贫不稳户、脱贫监测户
  2 边缘易致贫、边缘户
  3 突发严重困难、突发困难户、突发严重户');
CALL zeren.tell_words('certificate_kind', '
  id_card 居民身份证(户口簿)、二代身份证、第二代居民身份证、公民身份证、中华人民共和国居民身份证
  other 其他、其它、其它证件、护照、军官证
  none 无、没有、无证');
CALL zeren.tell_words('relation', '
  head 本人、本人或户主、户主本人
  spouse 妻子、妻、丈夫、夫、之妻、之夫、爱人、夫妻
  son 儿子、子、长子、次子、三子、独生子、之长子、之次子、养子、继子
  daughter 女儿、女、长女、次女、三女、独生女、之长女、之次女、养女、继女
  daughter_in_law 儿媳、儿媳妇
  son_in_law 女婿
  grandson 孙子
  granddaughter 孙女
  daughters_son 外孙、外孙子
  daughters_daughter 外孙女
  father 父亲、父、爸爸
  mother 母亲、母、妈妈
  wifes_father 岳父
  wifes_mother 岳母
  husbands_father 公公、公爹
  husbands_mother 婆婆
  grandfather 祖父、爷爷
  grandmother 祖母、奶奶
  mothers_father 外祖父、外公、姥爷
  mothers_mother 外祖母、外婆、姥姥
  sibling 兄弟姐妹、兄弟、姐妹、兄、弟、姐、妹、哥哥、弟弟、姐姐、妹妹、之兄、之弟、之姐、之妹、姊妹
  great_grandson 曾孙、曾孙子
  great_granddaughter 曾孙女
  nephew 侄子、侄儿、之侄子
  niece 侄女
  siblings_wife 兄弟媳妇、嫂子、弟媳、弟妹
  uncle 叔伯、叔叔、叔父、伯父
  other 其它、其他关系、其他亲属、其他成员');
CALL zeren.tell_words('schooling', '
  illiterate 文盲、半文盲、文盲半文盲、不识字
  primary 小学毕业、小学文化
  junior 初中毕业、初级中学、初中文化
  senior 高中毕业、高中文化、中专、中职、职高、技校、高中/中专、高中(中专)
  college 专科、大学专科、高职、大专毕业
  bachelor 本科、大学、大学本科、本科毕业
  master 硕士、研究生、硕士研究生、博士、博士研究生');
CALL zeren.tell_words('student_status', '
  preschool_age 学龄前、未入园
  kindergarten 幼儿园、学前班、幼儿
  primary 小学生、小学在读、一年级、二年级、三年级、四年级、五年级、六年级、小学一年级、小学二年级、小学三年级、小学四年级、小学五年级、小学六年级
  junior_1 初一、初中一年级
  junior_2 初二、初中二年级
  junior_3 初三、初中三年级
  senior_1 高一、高中一年级
  senior_2 高二、高中二年级
  senior_3 高三、高中三年级
  vocational_1 中专一年级、职高一年级
  vocational_2 中专二年级、职高二年级
  vocational_3 中专三年级、职高三年级
  college_1 大专一年级、专科一年级
  college_2 大专二年级、专科二年级
  college_3 大专三年级、专科三年级
  bachelor_1 大学一年级
  bachelor_2 大学二年级
  bachelor_3 大学三年级
  bachelor_4 大学四年级
  master 研究生、硕士、硕士研究生、博士');
CALL zeren.tell_words('health_state', '
  healthy 良好、正常、健康良好、健康或良好、身体健康
  chronic 慢性病、慢病、长期慢病、患有长期慢性病
  serious 大病、重病、重大疾病、患大病、大病重病
  disabled 残、残疾人、有残疾');
CALL zeren.tell_words('labour', '
  common 普通劳力、普通劳动、有劳动力
  skilled 技能劳力、技能劳动
  weak 弱劳动力、半劳动力、弱劳力、半劳力、弱(半)劳动力
  lost 丧失劳力、丧失劳动能力
  none 无劳力、无劳动能力');
CALL zeren.tell_words('allowance', '
  rural 农村最低生活保障、农村低保户
  urban 城镇低保、城市最低生活保障
  none 无、否、不享受、未纳入');
CALL zeren.tell_words('destitute', '
  rural 农村特困供养、农村五保、农村特困人员
  urban 城市特困供养、城镇特困
  none 无、否、未享受、未纳入');
CALL zeren.tell_words('house_grade', '
  A a级、A类
  B b级、B类
  C c级、C类
  D d级、D类');
INSERT INTO zeren.dictionary_word (dictionary, code, word)
SELECT e.dictionary, e.code, left(e.label, -1) FROM zeren.dictionary_entry e WHERE e.dictionary = 'ethnicity' AND e.label ~ '族$' AND e.short_label IS NULL;
