/* tests/data/generate_words.c - common surnames, given names and words of addresses. */
#include "generate.h"

#define N(list) (sizeof(list) / sizeof *(list))

const char *const words_surname[] = {"王", "李", "张", "刘", "陈", "杨",   "黄", "赵", "周", "吴",
                                     "徐", "孙", "胡", "朱", "高", "林",   "何", "郭", "马", "罗",
                                     "梁", "宋", "郑", "谢", "韩", "唐",   "冯", "于", "董", "萧",
                                     "程", "曹", "袁", "邓", "许", "傅",   "沈", "曾", "彭", "吕",
                                     "龙", "石", "田", "向", "覃", "欧阳", "谭", "廖", "熊", "文"};
const char *const words_given_male[] = {"伟", "强", "军", "勇", "明", "华", "平", "建", "国", "志",
                                        "刚", "辉", "波", "斌", "林", "成", "安", "福", "生", "松",
                                        "云", "山", "田", "海", "涛", "春", "贵", "友", "亮", "发"};
const char *const words_given_female[] = {
    "芳", "秀", "英", "敏", "静", "丽", "娟", "艳", "兰", "梅", "霞", "玉", "桂", "珍", "香",
    "月", "莲", "琴", "红", "燕", "萍", "翠", "花", "凤", "云", "春", "菊", "巧", "淑", "群"};
const char *const words_group[] = {"一",   "二",   "三",   "四",   "五",   "六",   "七",   "八",
                                   "大屋", "新屋", "石桥", "塘湾", "坳上", "河边", "老街", "竹山"};
const size_t n_words_surname = N(words_surname), n_words_given_male = N(words_given_male),
             n_words_given_female = N(words_given_female), n_words_group = N(words_group);
