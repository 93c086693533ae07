"""Traditional characters of the trade's words as simplified ones, so that words are known in both. Pure."""

from __future__ import annotations

PAIRS = (  # 簽签: the one and what it is read as
    "簽签 稱称 發发 貨货 買买 賣卖 訂订 單单 號号 編编 狀状 態态 數数 價价 標标 題题 總总 額额 實实 運运 費费 達达 "
    "間间 時时 後后 處处 關关 閉闭 終终 驛驿 櫃柜 憑凭 碼码 請请 領领 絕绝 還还 確确 認认 戶户 電电 話话 聯联 絡络 "
    "損损 壞坏 車车 裝装 進进 區区 網网 點点 轉转 際际 國国 內内 門门 衛卫 員员 遞递 郵邮 縣县 陽阳 東东 廣广 鄉乡 "
    "鎮镇 樓楼 圓圆 韻韵 極极 貼贴 無无 錯错 誤误 沒没 對对 給给 經经 過过 將将 於于 從从 來来 這这 個个 們们 與与 "
    "為为 開开 統统 記记 錄录 預预 約约 週周 異异 議议 責责 據据 說说 檢检 級级 續续 結结 練练 繳缴 類类 準准 備备 "
    "攬揽 離离 啟启 飛飞 機机 場场 錢钱 錶表 鎖锁 銷销 鐘钟 鋪铺 傳传 僅仅 優优 倉仓 儲储 兩两 別别 辦办 動动 務务 "
    "勝胜 協协 參参 圖图 團团 報报 採采 擇择 撥拨 擔担 掃扫 換换 撿捡 權权 條条 樣样 業业 殘残 殺杀 潛潜 濟济 產产 "
    "畢毕 畫画 監监 種种 積积 穩稳 竊窃 節节 紅红 納纳 紙纸 細细 組组 線线 維维 緊紧 縮缩 繫系 舊旧 萬万 葉叶 補补 "
    "裡里 見见 規规 親亲 觀观 訊讯 訪访 評评 試试 詢询 該该 誰谁 調调 諒谅 變变 讓让 贈赠 輸输 農农 遠远 選选 遲迟 "
    "鄰邻 醫医 銀银 長长 閘闸 閱阅 隊队 階阶 隨随 難难 雙双 雲云 靜静 頁页 項项 順顺 須须 頭头 願愿 顧顾 風风 飾饰 "
    "飯饭 館馆 馬马 驗验 髮发 體体 麗丽 齊齐 蘭兰 劃划 驟骤 託托 傷伤 擱搁 歸归 遺遗 棄弃 塊块 寶宝 齡龄 隻只 臺台 "
    "廠厂 應应 顏颜 顯显 貴贵 賬账 帳账 財财 購购 贊赞 賠赔 減减 餘余 滿满 戰战 罰罚 環环 併并 並并 佈布 佔占 衝冲 "
    "隱隐 藝艺 蘇苏 滬沪 漢汉 灣湾 濱滨 寧宁 烏乌 魯鲁 閩闽 遼辽 黃黄 劉刘 張张 陳陈 楊杨 趙赵 吳吴 孫孙 馮冯 蕭萧 "
    "許许 鄭郑 羅罗 謝谢 韓韩 盧卢 蔣蒋 鄧邓 譚谭 鄒邹 賈贾 閻阎 龍龙 湯汤 龔龚 龐庞 測测 擬拟 範范 虛虚 "
)
_TABLE = {ord(pair[0]): pair[1] for pair in PAIRS.split()}


def simplify(text: str) -> str:
    """The text with the traditional characters of such words simplified; each stays one character."""
    return text if text.isascii() else text.translate(_TABLE)
